"""The pages of this app by actor; the committees' and inspectors' stand in urls_committee.py, 自查整改 in urls_self_checks.py."""

from django.urls import path

from applications.urls_committee import committee_urls
from applications.urls_self_checks import self_check_urls
from applications.views import (
    assessment,
    branch,
    campaigns,
    citing,
    evidence,
    files,
    form,
    picking,
    plan,
    printing,
    submission,
    task,
    uploading,
)

app_name = "applications"

branch_urls = [
    path("", branch.application_list, name="list"),
    path("campaigns/<int:pk>/open/", campaigns.open_campaign, name="open_campaign"),
    path("join/<int:track_pk>/", branch.join, name="join"),
    # /applications/<pk>/
    path("<int:pk>/", branch.detail, name="detail"),
    path("<int:pk>/plan/", plan.plan, name="plan"),
    path("<int:pk>/plan/file/", plan.file_plan, name="file_plan"),
    path("<int:pk>/plan/remark/", plan.remark_on_plan, name="remark_on_plan"),
    path("<int:pk>/plan/<int:item_pk>/", plan.measure, name="measure"),
    path("<int:pk>/tasks/<int:task_pk>/", task.task, name="task"),
    path("<int:pk>/withdraw/", branch.withdraw, name="withdraw"),
    path("<int:pk>/reopen/", branch.reopen, name="reopen"),
    path("<int:pk>/assessment/", assessment.assessment, name="assessment"),
    path("<int:pk>/assessment/<int:criterion_pk>/", assessment.save_answer, name="save_answer"),
    # /applications/<pk>/evidence/, /applications/evidence/
    path("<int:pk>/evidence/", evidence.library, name="evidence"),
    path("<int:pk>/evidence/describe/", evidence.describe, name="describe"),
    path("<int:pk>/evidence/discard/", evidence.discard, name="discard"),
    path("<int:pk>/evidence/cite/", citing.cite, name="cite"),
    path("<int:pk>/evidence/<int:evidence_pk>/citations/", citing.citations, name="citations"),
    path("citations/<int:pk>/uncite/", citing.uncite, name="uncite"),
    path("<int:pk>/uploads/", uploading.start_upload, name="start_upload"),
    path("<int:pk>/uploads/<uuid:key>/finish/", uploading.finish_upload, name="finish_upload"),
    path("uploads/<uuid:key>/", uploading.receive_piece, name="receive_piece"),
    path("uploads/<uuid:key>/cancel/", uploading.cancel_upload, name="cancel_upload"),
    path("evidence/<int:pk>/", files.evidence_view, name="evidence_view"),
    path("evidence/<int:pk>/file/", files.evidence_file, name="evidence_file"),
    path("evidence/<int:pk>/thumb/", files.evidence_thumb, name="evidence_thumb"),
    path("evidence/<int:pk>/caption/", evidence.caption, name="caption"),
    path("branches/<int:pk>/evidence/pick/", picking.evidence_pick, name="evidence_pick"),
    # The form and its submission
    path("<int:pk>/form/", form.form, name="form"),
    path("<int:pk>/preview/", submission.preview, name="preview"),
    path("<int:pk>/preview/ask/", submission.ask_secretary, name="ask_secretary"),
    path("<int:pk>/submit/", submission.submit, name="submit"),
    path("<int:pk>/receipt/", submission.receipt, name="receipt"),
    path("<int:pk>/changes/", submission.changes_between, name="changes"),
    path("<int:pk>/form.pdf", printing.form_pdf, name="form_pdf"),
    path("<int:pk>/draft/", printing.draft, name="draft"),
    path("<int:pk>/draft.pdf", printing.draft_pdf, name="draft_pdf"),
]

urlpatterns = branch_urls + self_check_urls + committee_urls
