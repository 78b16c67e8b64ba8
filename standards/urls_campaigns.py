"""/campaigns/: what is run, and the steps that set it up and open it."""

from django.urls import path

from standards.views import campaigns, extensions, local_plans, wizard

urlpatterns = [
    path("", campaigns.campaigns, name="campaigns"),
    path("<int:pk>/", campaigns.campaign, name="campaign"),
    path("<int:pk>/approval/", campaigns.approval, name="approval"),
    path("<int:pk>/close/", campaigns.close, name="close"),
    path("new/", wizard.campaign_new, name="campaign_new"),
    path("<int:pk>/setup/<slug:step>/", wizard.step, name="wizard"),
    path("<int:pk>/setup/<slug:step>/<int:track_pk>/", wizard.step, name="wizard_track"),
    path("tracks/<int:track_pk>/extensions/", extensions.extensions, name="extensions"),
    path("extensions/<int:pk>/revoke/", extensions.revoke_extension, name="revoke_extension"),
    path("stages/<int:pk>/dates/", local_plans.stage_dates, name="stage_dates"),
    path("<int:pk>/local/<int:branch_pk>/", local_plans.local_plan, name="local_plan"),
    path("<int:pk>/local/<int:branch_pk>/tasks/", local_plans.local_tasks, name="local_tasks"),
    path("<int:pk>/local/<int:branch_pk>/file/", local_plans.local_file, name="local_file"),
    path("<int:pk>/plan/", wizard.basis_file, name="basis_file"),
]
