"""Pages under /campaigns/."""

from django.urls import path

from standards import views

app_name = "standards"

urlpatterns = [
    path("", views.campaigns, name="campaigns"),
    path("<int:pk>/", views.campaign, name="campaign"),
    path("<int:pk>/approval/", views.approval, name="approval"),
    path("<int:pk>/close/", views.close, name="close"),
    path("rubrics/<int:pk>/", views.rubric, name="rubric"),
]
