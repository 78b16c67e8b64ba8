"""How the page's script sends a large file: begin, piece by piece, finish, or give up. All answers are JSON.

A refusal is {"message", "code"} with 422; a piece that does not fit is told with 409 where to go on.
"""

from collections.abc import Callable
from functools import wraps

from django.core.exceptions import ValidationError
from django.http import JsonResponse, UnreadablePostError
from django.shortcuts import get_object_or_404
from django.views.decorators.http import require_POST

from applications.models import PartialUpload
from applications.services import uploading
from applications.views.citing import answer, criterion_of
from applications.views.evidence import said
from applications.views.receiving import arrived
from applications.views.scope import application_for, key_in, messages_of
from branches import keys
from branches.views.decorators import say_refusals


def in_json(view: Callable) -> Callable:
    """A service's refusal as data for the script."""

    @wraps(view)
    def wrapped(request, *args, **kwargs):
        try:
            return view(request, *args, **kwargs)
        except ValidationError as refusal:
            code = getattr(refusal, "code", "") or "refused"
            return JsonResponse({"message": messages_of(refusal), "code": code}, status=422)

    return wrapped


def upload_for(request, key) -> PartialUpload:
    """One's own upload to a branch one still works for, else 404."""
    uploads = PartialUpload.objects.visible_to(request.user).select_related("branch", "evidence")
    return get_object_or_404(uploads, key=key)


def _place(partial: PartialUpload, **more) -> dict:
    return {
        "key": str(partial.key), "received": partial.received, "size": partial.size, "piece": uploading.PIECE_BYTES,
        "done": partial.evidence_id is not None, **more,
    }  # fmt: skip


@require_POST
@in_json
def start_upload(request, pk):
    """Begin a file of some name and size, or learn how far it had come."""
    application = application_for(request, pk, "applications.edit")
    partial = uploading.start_upload(
        application.branch,
        name=request.POST.get("name", ""),
        size=key_in(request.POST, "size"),
        fingerprint=keys.text_in(request.POST, "fingerprint", 120),
        by=request.user,
    )
    return JsonResponse(_place(partial))


def _body(request) -> bytes:
    """What came of the body before the connection ended or broke."""
    blocks = []
    try:
        while block := request.read(64 * 1024):
            blocks.append(block)
    except UnreadablePostError:
        return b""
    return b"".join(blocks)


@require_POST
@in_json
def receive_piece(request, key):
    """The body is the piece that begins at `?offset=`."""
    partial = upload_for(request, key)
    announced = key_in(request.META, "CONTENT_LENGTH")
    content = _body(request) if announced <= uploading.PIECE_BYTES else b""
    # A connection cut in the middle leaves less than was announced: as if nothing had come.
    if len(content) != announced:
        return JsonResponse(_place(partial, message="这一段没有收全，请重传这一段。", code="cut"), status=409)
    try:
        partial = uploading.receive_piece(partial, offset=key_in(request.GET, "offset"), content=content)
    except ValidationError as refusal:
        if refusal.code != "wrong_offset":
            raise
        return JsonResponse(_place(upload_for(request, key), message=refusal.message, code=refusal.code), status=409)
    return JsonResponse(_place(partial))


@require_POST
@in_json
def finish_upload(request, pk, key):
    """The file is whole: judge it, store it, cite it where it was meant for a criterion."""
    application = application_for(request, pk, "applications.edit")
    partial = get_object_or_404(
        PartialUpload.objects.visible_to(request.user).select_related("branch", "evidence"),
        key=key, branch=application.branch,
    )  # fmt: skip
    criterion = criterion_of(application, request.POST.get("criterion"))
    evidence = uploading.finish_upload(partial, by=request.user)
    return JsonResponse(said(application, criterion, [arrived(application, criterion, evidence, by=request.user)]))


@require_POST
@say_refusals()
def cancel_upload(request, key):
    """Give up a file that is not whole yet, by the script or by a button."""
    partial = upload_for(request, key)
    uploading.cancel_upload(partial, by=request.user)
    return answer(request, f"已放弃“{partial.name}”，没有保存。", {})
