"""One file of a library before whoever may see it: its page, its small picture, the file itself."""

from csp.constants import NONE, SELF, UNSAFE_INLINE
from csp.decorators import csp_replace
from django.http import FileResponse, Http404
from django.shortcuts import get_object_or_404, render
from django.views.decorators.clickjacking import xframe_options_sameorigin
from django.views.decorators.http import require_safe

from applications.forms_evidence import FactsForm
from applications.models import Application, Citation, Evidence
from applications.services import evidence as services
from branches import uploads
from branches.views import streaming
from branches.views.decorators import wants_fragment

# What a browser may show itself; everything else is downloaded.
INLINE = {*uploads.PHOTOS, "application/pdf", "video/mp4"}
A_DAY = 24 * 60 * 60


def file_for(request, pk: int) -> Evidence:
    """The file in the user's scope, else 404."""
    return get_object_or_404(Evidence.objects.visible_to(request.user).select_related("branch", "uploaded_by"), pk=pk)


@require_safe
def evidence_view(request, pk):
    """The file shown in a page with what is known of it; to a script only the fragment, for a pane of another page."""
    evidence = file_for(request, pk)
    services.note_view(evidence, by=request.user)
    mine = request.user.has_perm("applications.manage_evidence", evidence)
    applications = Application.objects.visible_to(request.user).filter(branch=evidence.branch)
    context = {
        "evidence": evidence,
        "size": uploads.readable(evidence.size),
        "citations": Citation.objects.filter(evidence=evidence, application__in=applications).select_related(
            "criterion", "application__track"
        ),
        "application": applications.select_related("track").order_by("-pk").first(),
        "form": FactsForm(initial=vars(evidence)) if mine else None,
    }
    page = "_evidence_viewer" if wants_fragment(request) else "evidence_view"
    return render(request, f"applications/{page}.html", context)


@require_safe
@xframe_options_sameorigin
@csp_replace(
    {
        "default-src": [NONE], "img-src": [SELF], "media-src": [SELF], "object-src": [SELF],
        "style-src": [UNSAFE_INLINE], "frame-ancestors": [SELF],
    }
)  # fmt: skip
def evidence_file(request, pk):
    """The file itself, or a piece of it; every look is on record, nothing is kept in a cache."""
    evidence = file_for(request, pk)
    services.note_view(evidence, by=request.user)
    response = streaming.serve(
        request,
        evidence.file.open("rb"),
        size=evidence.size,
        tag=evidence.sha256,
        content_type=evidence.content_type,
        name=evidence.name,
        attachment=evidence.content_type not in INLINE or "download" in request.GET,
    )
    response["Cache-Control"] = "private, no-store"
    return response


@require_safe
def evidence_thumb(request, pk):
    """A photograph small enough for lists; kept by the one browser that asked, since it never changes."""
    evidence = file_for(request, pk)
    if not services.make_thumbnail(evidence).thumbnail:
        raise Http404
    response = FileResponse(evidence.thumbnail.open("rb"), content_type="image/jpeg")
    response["Cache-Control"] = f"private, max-age={A_DAY}"
    response["X-Content-Type-Options"] = "nosniff"
    return response
