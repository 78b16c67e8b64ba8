"""/campaigns/rubrics/: the standards, read, written, compared, taken in and out."""

from django.urls import path

from standards.views import rubrics

urlpatterns = [
    path("rubrics/", rubrics.rubrics, name="rubrics"),
    path("rubrics/<int:pk>/", rubrics.rubric, name="rubric"),
]
