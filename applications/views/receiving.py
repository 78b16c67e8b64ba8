"""Files that come in with a form: judged and stored one by one, each with its own answer."""

from django.conf import settings
from django.core.exceptions import ValidationError

from applications.models import Application, Evidence
from applications.services import evidence as services
from applications.views.scope import messages_of
from branches import uploads
from branches.models import Branch
from standards.models import Criterion

ARRIVED, WAS_THERE = "已上传", "已在材料库，没有重复保存"


def store(branch: Branch, file, *, by) -> Evidence:
    """Examine an uploaded file and put it into the branch's library."""
    upload = uploads.examine(file, file.name, max_bytes=settings.EVIDENCE_MAX_BYTES, film_bytes=settings.FILM_MAX_BYTES)
    return services.store_upload(branch, upload, by=by)


def receive(application: Application, criterion: Criterion | None, file, *, by) -> dict:
    """Store one file, and cite it where it was meant for a criterion; a refusal stores nothing."""
    try:
        evidence = store(application.branch, file, by=by)
    except ValidationError as error:
        return {"ok": False, "name": uploads.clean_name(file.name), "message": messages_of(error)}
    return arrived(application, criterion, evidence, by=by)


def arrived(application: Application, criterion: Criterion | None, evidence: Evidence, *, by) -> dict:
    """What to say of a file that is in the library now."""
    said = WAS_THERE if evidence.was_there else ARRIVED
    if criterion:
        try:
            services.cite(application, criterion, evidence, by=by)
        except ValidationError as error:
            said += f"，但没有引用：{messages_of(error)}"
        else:
            said += "，已引用" if evidence.was_there else ""
    return {"ok": True, "name": evidence.name, "message": said, "pk": evidence.pk}


def take_upload(request, branch: Branch, *, field: str, into: str):
    """The POST data with a file of the page already stored and chosen, so that another mistake does not lose it."""
    data, file = request.POST.copy(), request.FILES.get(field)
    if file is None:
        return data, None
    try:
        data[into] = str(store(branch, file, by=request.user).pk)
    except ValidationError as error:
        return data, error
    return data, None
