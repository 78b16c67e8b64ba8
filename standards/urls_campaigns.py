"""/campaigns/: what is run, and the steps that set it up and open it."""

from django.urls import path

from standards.views import campaigns, wizard

urlpatterns = [
    path("", campaigns.campaigns, name="campaigns"),
    path("<int:pk>/", campaigns.campaign, name="campaign"),
    path("<int:pk>/approval/", campaigns.approval, name="approval"),
    path("<int:pk>/close/", campaigns.close, name="close"),
    path("new/", wizard.campaign_new, name="campaign_new"),
    path("<int:pk>/setup/<slug:step>/", wizard.step, name="wizard"),
    path("<int:pk>/setup/<slug:step>/<int:track_pk>/", wizard.step, name="wizard_track"),
    path("<int:pk>/plan/", wizard.basis_file, name="basis_file"),
]
