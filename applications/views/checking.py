"""The check desk: what waits for the committee, what the branch says beside its own score, and every score saved."""

from functools import cached_property

from django.contrib import messages
from django.core.exceptions import ValidationError
from django.core.paginator import Paginator
from django.db.models import Count, Exists, OuterRef, Subquery
from django.http import JsonResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_POST

from applications import overview
from applications.desk import Desk, Row, numbered, proposals, return_lines, totals
from applications.forms_committee import AcceptForm, CheckFilter, ReturnForm
from applications.models import Application, CheckDecision, CheckItem
from applications.services import checking
from applications.states import Status
from applications.views.check_rows import drawn
from applications.views.scope import application_for, messages_of, require, wants_json
from branches.roles import COMMITTEE_ROLES, Role
from branches.views.decorators import say_refusals
from standards import answers, drawing, scoring, sheets
from standards.models import Criterion, Stage

PER_PAGE = 50


# What waits


def check_list(request):
    """What waits for the committee's check, oldest first unless asked otherwise, and what it has concluded."""
    require(request, "applications.check_list", None)
    tracks = overview.tracks_of(request.user)
    everything = Application.objects.held_as(request.user, *COMMITTEE_ROLES, Role.CAMPAIGN_ADMIN)
    numbers = dict(waiting(everything).order_by().values_list("track").annotate(n=Count("pk")))
    track = overview.pick(tracks, request.GET.get("track"), preferred=numbers)
    done = request.GET.get("show") == "done"
    form = filter_of(request)
    scope = form.narrow(everything.filter(track=track))
    found = concluded(scope) if done else form.ordered(waiting(scope))
    page = Paginator(found.select_related("branch"), PER_PAGE).get_page(request.GET.get("page"))
    for each in page.object_list:
        each.track = track  # read once for all rows
    context = {
        "tracks": tracks,
        "track": track,
        "done": done,
        "form": form,
        "trail": form.trail,
        "page_obj": page,
        "rows": [(each, each.status_for(request.user)) for each in page.object_list],
        "waiting": numbers.get(track.pk, 0) if track else 0,
        "numbers": numbers,
        "due": overview.deadlines(track)[Stage.Kind.CHECK] if track else None,
    }
    return render(request, "applications/check_list.html", context)


def filter_of(request, *, drawn: bool = True) -> CheckFilter:
    """The filter in the address, carried on by the desk; where it is not drawn only what was asked for is looked up."""
    asked = drawn or request.GET.get("county")
    roles = (*COMMITTEE_ROLES, Role.CAMPAIGN_ADMIN)
    return CheckFilter(request.GET, counties=overview.counties_of(request.user, roles) if asked else [])


def waiting(applications):
    return applications.filter(status=Status.SUBMITTED)


def concluded(applications):
    """Each with its last decision: what the committee said and when."""
    last = CheckDecision.objects.filter(application=OuterRef("pk")).order_by("-pk")
    return (
        applications.filter(Exists(last))
        .exclude(status=Status.SUBMITTED)
        .annotate(
            decided_at=Subquery(last.values("decided_at")[:1]),
            outcome=Subquery(last.values("outcome")[:1]),
            decided_by=Subquery(last.values("decided_by__name")[:1]),
        )
        .order_by("-decided_at", "pk")
    )


class Queue:
    """The waiting list as it was filtered and ordered, and where in it one application stands. One query."""

    def __init__(self, request, application: Application) -> None:
        self.form = filter_of(request, drawn=False)
        scope = Application.objects.held_as(request.user, *COMMITTEE_ROLES).filter(track=application.track)
        found = self.form.ordered(self.form.narrow(waiting(scope)))
        self.rows = [{"pk": pk, "name": name} for pk, name in found.values_list("pk", "branch__short_name")]
        self.trail = self.form.trail
        self.place = next((place for place, row in enumerate(self.rows) if row["pk"] == application.pk), None)

    @cached_property
    def next(self) -> dict | None:
        """The one after it; for one that is not in the list (any more) the first."""
        following = 0 if self.place is None else self.place + 1
        return self.rows[following] if following < len(self.rows) else None

    @cached_property
    def previous(self) -> dict | None:
        return self.rows[self.place - 1] if self.place else None

    @property
    def number(self) -> int:
        return (self.place or 0) + 1

    def address(self, name: str, *keys, **more) -> str:
        """A page of the desk that keeps the filter and order of the list."""
        query = "&".join(part for part in (self.trail, *(f"{key}={value}" for key, value in more.items())) if part)
        return f"{reverse(name, args=keys)}?{query}" if query else reverse(name, args=keys)


# The desk


def check(request, pk):
    """The check desk; on a second look only what changed, unless all is asked for (`all`)."""
    return show_desk(request, application_for(request, pk, "applications.view_check"))


def show_desk(request, application, *, forms=None, typed=None, status=200):
    may = request.user.has_perm("applications.check", application)
    desk = Desk(application, typed, every=bool(request.GET.get("all")))
    is_open = may and application.status == Status.SUBMITTED
    queue = Queue(request, application)
    for dimension in desk.dimensions:
        dimension["drawn"] = drawing.together(drawn(row, is_open=is_open) for row in dimension["rows"])
    context = {
        "application": application,
        "desk": desk,
        "look": desk.look,
        "open": is_open,
        "shown_status": application.status_for(request.user),
        "decisions": numbered(desk.decisions),
        "queue": queue if may else None,
        "trail": queue.trail,
        "line": scoring.plain(application.track.check_line),
        "self_total": scoring.plain(desk.self_score.total),
        "notes": sheets.total_notes(desk.rubric.sheet),
        "dimensions": desk.dimensions,
        **desk.totals(),
        **(_forms(request, desk, forms or {}) if is_open or forms else {}),
    }
    return render(request, "applications/check.html", context, status=status)


def _forms(request, desk, given) -> dict:
    """The two conclusions, a refused one as it was typed."""
    application, facts = desk.application, {"checked_on": timezone.localdate(), "members": request.user.name}
    returning = given.get("return_form") or ReturnForm(application=application, prefix="return")
    typed = returning.said if returning.is_bound else None
    return {
        "accept_form": AcceptForm(application=application, prefix="accept", initial=facts),
        "return_form": returning,
        "return_lines": return_lines(desk, typed, returning.ticked),
        "proposals": proposals(),
        **given,
    }


# Saving


@require_POST
def save_check(request, pk):
    """Save what was scored: one criterion by the script, a dimension's by its button. Nothing refused is lost."""
    application = application_for(request, pk, "applications.check")
    if request.POST.get("adopt"):
        return _adopt_self(request, pk=pk, application=application)
    saved, refused, versions = _save(application, request.POST, by=request.user)
    if wants_json(request):
        return _answer(application, saved, refused, versions)
    if refused:
        for row in refused.values():
            messages.error(request, row.error)
        return show_desk(request, application_for(request, pk), typed=refused, status=422)
    messages.success(request, f"已保存{len(saved)}项核分。" if saved else "没有改动。")
    dimension = request.POST.get("dimension", "")
    anchor = f"#d{dimension}" if dimension.isdecimal() else ""
    return redirect(f"{Queue(request, application).address('applications:check', pk, **_all(request))}{anchor}")


def _all(request) -> dict:
    return {"all": 1} if request.GET.get("all") else {}


@say_refusals()
def _adopt_self(request, *, pk, application):
    number = checking.adopt_self_scores(application, by=request.user)
    messages.success(
        request, f"已按自评填入{number}项，请逐项核对。" if number else "没有可以填入的：各项都已核分，或支部未作答。"
    )
    return redirect(Queue(request, application).address("applications:check", pk, **_all(request)))


def _save(application: Application, data, *, by) -> tuple[list[CheckItem], dict[int, Row], dict[int, int]]:
    """Save every criterion of the form that was changed, or whose score is to stand as it is (`keep`).

    Returns what was saved, the refused rows as typed, and the version by criterion of what stands as it was sent.
    """
    named = set(data.getlist("criterion"))
    leaves = [
        leaf
        for leaf in application.track.rubric.leaves_for(application.branch.line)
        if leaf.asked and leaf.key in named
    ]
    before = {item.criterion_id: item for item in application.check_items.filter(criterion__in=[x.pk for x in leaves])}
    saved, refused, versions = [], {}, {}
    stands_by = data.getlist("keep")
    for leaf in leaves:
        given = answers.answer_from(data, leaf)
        remark = data.get(f"c{leaf.key}-remark", "").replace("\r\n", "\n").strip()
        was, version = before.get(leaf.pk), answers.version_in(data, leaf)
        unchanged = (given, remark) == (_comparable(leaf, was), was.remark if was else "")
        if unchanged and leaf.key not in stands_by:
            # Also where a colleague typed the same, or the first answer to this save was lost on its way back.
            versions[leaf.pk] = was.version if was else 0
            continue
        try:
            if unchanged:
                item = checking.confirm_check(application, leaf, version=version, by=by)
            else:
                item = checking.save_check(application, leaf, answer=given, remark=remark, version=version, by=by)
        except ValidationError as error:
            said = application.assessments.filter(criterion=leaf).first()
            stands = answers.Standing.after(error, leaf, was, version)
            refused[leaf.pk] = Row(
                leaf, said, was, given, remark, error=messages_of(error), version=stands.version, stands=stands.words
            )
        else:
            saved.append(item)
            versions[leaf.pk] = item.version
    return saved, refused, versions


def _comparable(leaf: Criterion, was: CheckItem | None) -> dict:
    """A saved item as the page would send it back untouched."""
    return answers.answer_from(answers.shown(leaf, was.answer), leaf) if was else {}


def _answer(application: Application, saved: list[CheckItem], refused: dict[int, Row], versions) -> JsonResponse:
    """What the script needs: points and versions of what was saved, what is wrong, and the new totals.

    409 where a colleague was first, with what stands now.
    """
    score, tops = checking.check_score(application), application.track.rubric.dimensions
    theirs = {str(pk): answers.theirs(row.criterion, row.item) for pk, row in refused.items() if row.stands}
    content = {
        "at": f"{timezone.localtime():%H:%M:%S}",
        "earned": {str(item.criterion_id): scoring.plain(item.points) for item in saved if item.criterion.scored},
        "saved": [str(item.criterion_id) for item in saved],
        "versions": {str(pk): version for pk, version in versions.items()},
        "errors": {str(pk): row.error for pk, row in refused.items()},
        "theirs": theirs,
        "dimensions": [sheets.dimension_state(top, application.branch.line, score) for top in tops],
        "groups": sheets.group_states(tops, score),
        **totals(application, score),
    }
    return JsonResponse(content, status=409 if theirs else 422 if refused else 200)
