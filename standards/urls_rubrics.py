"""/campaigns/rubrics/: the standards, read, written, compared, taken in and out."""

from django.urls import path

from standards.views import differences, editing, importing, outlining, previewing, rubrics, versions

urlpatterns = [
    path("rubrics/", rubrics.rubrics, name="rubrics"),
    path("rubrics/new/", versions.rubric_new, name="rubric_new"),
    path("rubrics/template/", importing.rubric_template, name="rubric_template"),
    path("rubrics/import/", importing.rubric_import, name="rubric_import"),
    path("rubrics/import/<int:pk>/", importing.rubric_upload, name="rubric_upload"),
    path("rubrics/import/<int:pk>/confirm/", importing.rubric_upload_confirm, name="rubric_upload_confirm"),
    path("rubrics/<int:pk>/", rubrics.rubric, name="rubric"),
    path("rubrics/<int:pk>/export/", importing.rubric_export, name="rubric_export"),
    path("rubrics/<int:pk>/diff/", differences.rubric_diff, name="rubric_diff"),
    path("rubrics/<int:pk>/diff/xlsx/", differences.rubric_diff_xlsx, name="rubric_diff_xlsx"),
    path("rubrics/<int:pk>/copy/", versions.rubric_copy, name="rubric_copy"),
    path("rubrics/<int:pk>/publish/", versions.rubric_publish, name="rubric_publish"),
    path("rubrics/<int:pk>/retire/", versions.rubric_retire, name="rubric_retire"),
    path("rubrics/<int:pk>/delete/", versions.rubric_delete, name="rubric_delete"),
    path("rubrics/<int:pk>/preview/", previewing.rubric_preview, name="rubric_preview"),
    path("rubrics/<int:pk>/edit/", editing.rubric_edit, name="rubric_edit"),
    path("rubrics/<int:pk>/edit/head/", editing.rubric_head, name="rubric_head"),
    path("rubrics/<int:pk>/edit/points/", editing.points_move, name="points_move"),
    path("rubrics/<int:pk>/edit/add/", outlining.criterion_add, name="criterion_add"),
    path("rubrics/<int:pk>/edit/restore/", outlining.criterion_restore, name="criterion_restore"),
    path("rubrics/<int:pk>/edit/<int:criterion_pk>/", editing.criterion_edit, name="criterion_edit"),
    path("rubrics/<int:pk>/edit/<int:criterion_pk>/move/", outlining.criterion_move, name="criterion_move"),
    path("rubrics/<int:pk>/edit/<int:criterion_pk>/delete/", outlining.criterion_delete, name="criterion_delete"),
    path(
        "rubrics/<int:pk>/edit/<int:criterion_pk>/duplicate/", outlining.criterion_duplicate, name="criterion_duplicate"
    ),
]
