"""/campaigns/: what is run, and the steps that set it up and open it."""

from django.urls import path

from standards.views import campaigns

urlpatterns = [
    path("", campaigns.campaigns, name="campaigns"),
    path("<int:pk>/", campaigns.campaign, name="campaign"),
    path("<int:pk>/approval/", campaigns.approval, name="approval"),
    path("<int:pk>/close/", campaigns.close, name="close"),
]
