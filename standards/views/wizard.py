"""Setting a draft up: a new campaign, then step by step, in any order, saved per step."""

from django.conf import settings
from django.contrib import messages
from django.core.exceptions import PermissionDenied, ValidationError
from django.http import Http404
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_GET

from branches import uploads
from standards import readiness
from standards.forms.campaigns import ApprovalForm
from standards.forms.steps import StepPage, more_rows, with_days
from standards.forms.wizard import NewCampaignForm
from standards.models import Campaign, Track, total_weight
from standards.services import setup
from standards.views import downloads

REASON = "只有活动管理员可以设置创建活动。"
PLAN_TYPES = {"application/pdf", "application/vnd.openxmlformats-officedocument.wordprocessingml.document"}
SLUGS = {slug: per_track for slug, _, per_track in readiness.STEPS}


def campaign_new(request):
    """A blank draft, or the next round of an earlier campaign."""
    if not request.user.has_perm("standards.manage_campaign"):
        raise PermissionDenied(REASON)
    year = timezone.localdate().year
    form = NewCampaignForm(request.POST or None, initial={"code": f"C{year}", "source": request.GET.get("from")})
    if request.method == "POST" and form.is_valid():
        try:
            campaign = _create(form.cleaned_data, by=request.user)
        except ValidationError as refusal:
            form.add_error("code", refusal)
        else:
            messages.success(request, f"已建立“{campaign}”的草稿，请逐步核对填写，哪一步都可以随时回来改。")
            return redirect("standards:wizard", campaign.pk, readiness.BASIS)
    return render(request, "standards/wizard/new.html", {"form": form})


def _create(given, *, by):
    source, years = given.pop("source"), given.pop("years")
    if source is None:
        return setup.create_campaign(**given, by=by)
    return setup.copy_campaign(source, **given, years=1 if years is None else years, by=by)


def step(request, pk, step, track_pk=None):
    """One step of the set-up: shown, filled with rows or days, or saved."""
    campaign, track = _draft_for(request, pk, step, track_pk)
    if campaign.status != Campaign.Status.DRAFT:
        messages.info(request, "活动已开启，设置不再改动；阶段日期可在下面单独调整。")
        return redirect(campaign)
    if SLUGS[step] and track is None:
        return _to_first_track(request, campaign, step)
    if step == readiness.OPEN:
        return _show_readiness(request, campaign)
    if request.method != "POST":
        return _show(request, StepPage(step, campaign, track))
    if "more" in request.POST:
        return _show(
            request, StepPage(step, campaign, track, more_rows(request.POST, request.POST["more"]), judged=False)
        )
    if "suggest" in request.POST:
        data, helped = with_days(request.POST, track)
        said = f"已按方案写法填好{helped}个阶段的日期，请核对后保存。" if helped else "没有可以推算的空日期。"
        messages.info(request, said)
        return _show(request, StepPage(step, campaign, track, data, judged=False))
    return _save(request, StepPage(step, campaign, track, request.POST, request.FILES))


def _save(request, page):
    upload = _taken(page) if page.is_valid() else None
    if not page.is_valid():
        return _show(request, page)
    try:
        setup.save_step(
            page.campaign, page.step, by=request.user, track=page.track, values=page.values, rows=page.rows,
            upload=upload, seen=request.POST.get("mark"),
        )  # fmt: skip
    except ValidationError as refusal:
        return _show(request, page, refusal)
    messages.success(request, f"“{setup.NAMES[page.step]}”已保存。")
    places = _places(page.campaign)
    here = places.index((page.step, page.track.pk if page.track else None))
    onward = places[here + 1] if "next" in request.POST else places[here]
    return redirect(url_of(page.campaign.pk, *onward))


def _taken(page):
    """The uploaded plan of the page, fit to be stored; a refusal stands beside its field."""
    try:
        return plan_file(page.upload)
    except ValidationError as refusal:
        page.main.add_error("upload", refusal)
        return None


def plan_file(file):
    """An uploaded plan, judged by content: a PDF or a Word document. Codes of `uploads.examine`, `wrong_type`."""
    if file is None:
        return None
    upload = uploads.examine(file, file.name, max_bytes=settings.EVIDENCE_MAX_BYTES)
    if upload.content_type not in PLAN_TYPES:
        raise ValidationError("方案原件请上传 PDF 或 Word（docx）文件。", code="wrong_type")
    return upload


def _show(request, page, refusal=None):
    campaign, track = page.campaign, page.track
    # Whoever was told that others saved meanwhile may now save over it; any other answer keeps what the page showed.
    stale = refusal is not None and refusal.code == "stale"
    kept = request.POST.get("mark") if request.method == "POST" and not stale else None
    found = readiness.findings(campaign)
    here = [f for f in found if f.step == page.step and f.track in (None, track and track.pk)]
    context = {
        "campaign": campaign, "track": track, "page": page, "step": page.step, "name": setup.NAMES[page.step],
        "steps": _bar(campaign, page.step, track, found), "tracks": _tracks(campaign, page.step, track, found),
        "mark": kept or setup.step_mark(page.owner, page.step),
        "refusals": refusal.messages if refusal else [], "here": here, "weights": page.step == readiness.SCORING,
        "total": total_weight(list(track.components.all())) if page.step == readiness.SCORING else None,
        "calendar": page.step == readiness.CALENDAR,
    }  # fmt: skip
    return render(request, "standards/wizard/step.html", context)


def _show_readiness(request, campaign):
    found = readiness.findings(campaign)
    rows = [(finding, url_of(campaign.pk, finding.step, finding.track)) for finding in found]
    form = ApprovalForm(initial={n: getattr(campaign, n) for n in ("approved_by", "approval_number", "approved_on")})
    context = {
        "campaign": campaign, "form": form, "steps": _bar(campaign, readiness.OPEN, None, found),
        "blocking": [row for row in rows if not row[0].warning], "warnings": [row for row in rows if row[0].warning],
        "tracks_now": readiness.for_judging(campaign),
    }  # fmt: skip
    return render(request, "standards/wizard/open.html", context)


# Where the steps are


def url_of(pk, step, track_pk=None):
    if track_pk and SLUGS[step]:
        return reverse("standards:wizard_track", args=[pk, step, track_pk])
    return reverse("standards:wizard", args=[pk, step])


def _places(campaign):
    """Every page of the set-up in the order of “保存并继续”: all steps of one track, then those of the next."""
    tracks = list(campaign.tracks.values_list("pk", flat=True))
    per_track = [slug for slug, each in SLUGS.items() if each]
    return [
        (readiness.BASIS, None),
        (readiness.TRACKS, None),
        *((slug, track) for track in tracks for slug in per_track),
        (readiness.OPEN, None),
    ]


def _bar(campaign, current, track, found):
    """The steps with their addresses, and whether something there still keeps the campaign from opening."""
    wanting = {finding.step for finding in found if not finding.warning}
    return [
        {
            "number": number,
            "name": name,
            "url": url_of(campaign.pk, slug, track.pk if track else None),
            "current": slug == current,
            "wanting": slug in wanting,
        }
        for number, (slug, name, _) in enumerate(readiness.STEPS, 1)
    ]


def _tracks(campaign, step, current, found):
    """The tracks of a step that each track has for itself, to go from one to the other."""
    if current is None:
        return []
    wanting = {finding.track for finding in found if not finding.warning and finding.step == step}
    return [
        {"name": str(t), "url": url_of(campaign.pk, step, t.pk), "current": t == current, "wanting": t.pk in wanting}
        for t in campaign.tracks.all()
    ]


def _to_first_track(request, campaign, step):
    first = campaign.tracks.first()
    if first is None:
        messages.warning(request, "还没有轨道，请先在“轨道”一步增加一条。")
        return redirect(url_of(campaign.pk, readiness.TRACKS))
    return redirect(url_of(campaign.pk, step, first.pk))


def _draft_for(request, pk, step, track_pk):
    campaign = get_object_or_404(Campaign.objects.visible_to(request.user), pk=pk)
    if not request.user.has_perm("standards.manage_campaign"):
        raise PermissionDenied(REASON)
    if step not in SLUGS or (track_pk is not None and not SLUGS[step]):
        raise Http404
    tracks = Track.objects.select_related("campaign", "rubric").prefetch_related("stages")
    return campaign, get_object_or_404(tracks, pk=track_pk, campaign=campaign) if track_pk else None


# The plan itself


@require_GET
def basis_file(request, pk):
    """The plan's own file, for everybody who sees the campaign."""
    campaign = get_object_or_404(Campaign.objects.visible_to(request.user), pk=pk)
    if not campaign.basis_file:
        raise Http404
    return downloads.stored(
        campaign.basis_file, f"{campaign.short_name}方案.{campaign.basis_file.name.rsplit('.', 1)[-1]}"
    )
