"""/campaigns/study/: what was published to the branches, who signed for it and studied it."""

from django.urls import path

from standards.views import study

urlpatterns = [
    path("study/", study.publications, name="publications"),
    path("study/<int:pk>/", study.publication, name="publication"),
    path("study/<int:pk>/sign/", study.acknowledge, name="acknowledge"),
    path("study/<int:pk>/record/", study.record, name="study"),
    path("study/<int:pk>/remind/", study.remind, name="remind_study"),
    path("study/<int:pk>/coverage.xlsx", study.coverage_xlsx, name="coverage_xlsx"),
]
