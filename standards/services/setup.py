"""Setting up a draft step by step: what a page showed is what it replaces, and nobody overwrites another unseen."""

import datetime
import hashlib
import re
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from django.core.exceptions import ValidationError
from django.db import IntegrityError, models, transaction
from django.db.models import ProtectedError

from branches import audit
from branches.models import User
from branches.uploads import Upload
from standards import readiness
from standards.models import (
    Campaign,
    FormField,
    GradeBand,
    ScoreComponent,
    SpecialHonour,
    Stage,
    StageTask,
    Track,
)
from standards.readiness import BASIS, CALENDAR, FORM, RECOMMEND, SCORING, TRACKS


@dataclass(frozen=True)
class Part:
    """Rows a step edits: their model, the foreign key to whom they belong, what tells them apart, what is written."""

    model: type[models.Model]
    owner: str
    key: str
    fields: tuple[str, ...]


PARTS = {
    "tracks": Part(
        Track, "campaign", "code",
        ("code", "award_name", "mode", "rubric", "series", "round_label", "quota", "reserves", "pass_line", "self_line",
         "check_line", "notice_days", "valid_years", "plaque_prefix", "form_copies"),
    ),
    "stages": Part(
        Stage, "track", "kind",
        ("kind", "name", "date_text", "opens_on", "closes_on", "inferred", "actors", "outputs"),
    ),
    "tasks": Part(StageTask, "stage", "", ("kind", "name", "proof", "proof_required", "min_attendance")),
    "components": Part(
        ScoreComponent, "track", "code",
        ("code", "source", "name", "weight", "rubric", "dimensions", "method", "trim_from", "min_scores", "over_time",
         "pass_line", "suggested"),
    ),
    "grades": Part(
        GradeBand, "track", "name",
        ("name", "at_least", "share", "stars", "each_dimension", "component", "component_min"),
    ),
    "form_fields": Part(
        FormField, "track", "key", ("key", "label", "kind", "max_length", "required", "help_text", "source")
    ),
    "honours": Part(SpecialHonour, "track", "code", ("code", "name", "quota", "text")),
}  # fmt: skip
# What each step writes on the campaign or the track itself, and the rows that belong to it.
VALUES = {
    BASIS: ("name", "short_name", "round_label", "issuer", "basis", "description"),
    RECOMMEND: (
        *("recommend_min", "recommend_max", "self_nomination", "clearance_points", "solid_required", "min_members"),
        *("min_years", "eligible_lines", "eligibility_note", "problem_tags"),
    ),
    SCORING: ("tie_breakers", "pass_grade", "grade_component"),
}
ROWS = {
    TRACKS: ("tracks",),
    CALENDAR: ("stages", "tasks"),
    SCORING: ("components", "grades"),
    FORM: ("form_fields", "honours"),
}
NAMES = {slug: name for slug, name, _ in readiness.STEPS}


# Reading a step as it stands


def rows_of(owner: Campaign | Track, name: str) -> models.QuerySet:
    """The stored rows of one part, in their order; the local tasks of committees belong to their own plans."""
    if name == "tasks":
        return StageTask.objects.filter(stage__track=owner.pk, organiser=None).select_related("stage")
    return PARTS[name].model._default_manager.filter(**{PARTS[name].owner: owner.pk})


def step_mark(owner: Campaign | Track, step: str) -> str:
    """A mark of the step as it stands: another one at saving time means that somebody else saved meanwhile."""
    fresh = type(owner)._default_manager.filter(pk=owner.pk)
    own = (*VALUES.get(step, ()), *(("basis_file",) if step == BASIS else ()))
    said: list[Any] = [list(fresh.values_list(*own))] if own else []
    for name in ROWS.get(step, ()):
        columns = (*PARTS[name].fields, PARTS[name].owner, "pk")
        said.append(list(rows_of(owner, name).values_list(*columns)))
    return hashlib.sha256(repr(said).encode()).hexdigest()[:16]


# Creating


def create_campaign(*, code: str, name: str, short_name: str, round_label: str, by: User) -> Campaign:
    """A blank draft. Code `taken` when the code is in use."""
    with audit.recorded():
        campaign = _insert(Campaign(code=code, name=name, short_name=short_name, round_label=round_label))
        audit.record("campaign.create", campaign, by=by, code=code)
    return campaign


def copy_campaign(
    source: Campaign, *, code: str, name: str, short_name: str, round_label: str, years: int, by: User
) -> Campaign:
    """A draft of the next round: everything of `source` but its approval, its file and the local plans.

    Dates move by `years`, and so do the years named in labels and in the plan's own wording. Code `taken`.
    """
    with audit.recorded():
        campaign = _insert(
            Campaign(
                code=code, name=name, short_name=short_name, round_label=round_label, issuer=source.issuer,
                basis=source.basis, description=source.description,
            )
        )  # fmt: skip
        for track in source.tracks.order_by("order", "pk"):
            _copy_track(track, campaign, years)
        audit.record("campaign.create", campaign, by=by, code=code, copied_from=source.code, years=years)
    return campaign


def _insert(campaign: Campaign) -> Campaign:
    """The constraint decides, so that of two clicks at once the second is told as well."""
    try:
        with transaction.atomic():
            campaign.save(force_insert=True)
    except IntegrityError:
        raise ValidationError(f"编码“{campaign.code}”已有别的活动使用，请换一个。", code="taken") from None
    return campaign


def _copy_track(track: Track, campaign: Campaign, years: int) -> None:
    stages = list(track.stages.all())
    rows = {name: list(rows_of(track, name)) for name in ("components", "grades", "form_fields", "honours", "tasks")}
    for name in ("code", "round_label", "plaque_prefix"):
        setattr(track, name, later(getattr(track, name), years))
    track.announced_at = None
    copy = _again(track, campaign=campaign)
    places = {}
    for stage in stages:
        places[stage.pk] = _again(
            stage, track=copy, opens_on=_shifted(stage.opens_on, years), closes_on=_shifted(stage.closes_on, years),
            date_text=later(stage.date_text, years),
        )  # fmt: skip
    for name, listed in rows.items():
        for row in listed:
            _again(row, **({"stage": places[row.stage_id]} if name == "tasks" else {"track": copy}))


def _again(row: Any, **fields: Any) -> Any:
    """The same row once more, with other parents."""
    copy = type(row)(**{f.attname: getattr(row, f.attname) for f in row._meta.concrete_fields if not f.primary_key})
    for name, value in fields.items():
        setattr(copy, name, value)
    copy.save()
    return copy


def later(text: str, years: int) -> str:
    """The text with every year of this century moved: 2023年（第二轮） → 2024年（第二轮）."""
    return re.sub(r"20\d\d", lambda match: str(int(match[0]) + years), text)


def _shifted(day: datetime.date | None, years: int) -> datetime.date | None:
    if day is None:
        return None
    try:
        return day.replace(year=day.year + years)
    except ValueError:  # 29 February
        return day.replace(year=day.year + years, day=28)


# Saving a step


def save_step(
    campaign: Campaign,
    step: str,
    *,
    by: User,
    track: Track | None = None,
    values: dict[str, Any] | None = None,
    rows: dict[str, list[dict[str, Any]]] | None = None,
    upload: Upload | None = None,
    seen: str | None = None,
) -> Campaign:
    """Make one step of the draft equal to what was filled in; `seen` is the page's `step_mark`.

    Rows carry the `pk` of the stored row they change, None for new ones; stored rows not named are removed. Codes
    `not_draft`, `stale` (the step was saved by somebody else since), `gone` (so is the track), `in_use` (a row that is
    removed is needed).
    """
    with audit.recorded():
        # Locked so that two pages of the same campaign are weighed one after the other.
        current = Campaign.objects.select_for_update(no_key=True).get(pk=campaign.pk)
        if current.status != Campaign.Status.DRAFT:
            raise ValidationError("活动已开启，设置不能再改；阶段日期可在活动页单独调整。", code="not_draft")
        owner: Any = current if track is None else _track_of(current, track)
        if seen is not None and seen != step_mark(owner, step):
            raise ValidationError(
                "这一步刚在另一个页面或由他人保存过，为免互相覆盖，本次没有保存；您填写的内容还在下面，"
                "核对后再次保存即以您的为准。",
                code="stale",
            )
        said = _save_values(
            owner, {name: (values or {})[name] for name in VALUES.get(step, ()) if name in (values or {})}
        )
        for name in ROWS.get(step, ()):
            if rows is not None and name in rows:
                said |= _save_rows(owner, name, rows[name])
        if upload is not None:
            _keep_file(current, upload)
            said["file"] = upload.name
        if said:
            audit.record("campaign.setup", owner, by=by, step=NAMES[step], **said)
    return current


def _track_of(campaign: Campaign, track: Track) -> Track:
    current = Track.objects.filter(pk=track.pk, campaign=campaign).first()
    if current is None:
        raise ValidationError("这条轨道刚被他人删除，本次没有保存；请回到“轨道”一步查看。", code="gone")
    return current


def _save_values(owner: Any, values: dict[str, Any]) -> dict[str, Any]:
    before = {name: getattr(owner, name) for name in values}
    changed = {name: [before[name], value] for name, value in values.items() if before[name] != value}
    for name, (_, value) in changed.items():
        setattr(owner, name, value)
    if changed:
        owner.save(update_fields=list(changed))
    return changed


def _save_rows(owner: Any, name: str, wanted: Iterable[dict[str, Any]]) -> dict[str, Any]:
    """Remove, change and add until the stored rows are the wanted ones in their order; says what was done."""
    part, stored = PARTS[name], {row.pk: row for row in rows_of(owner, name)}
    wanted = list(wanted)
    kept = {row["pk"] for row in wanted if row.get("pk") in stored}
    removed = [row for pk, row in stored.items() if pk not in kept]
    for gone in removed:
        _remove(gone)
    _make_room(part, stored, wanted)
    places = {stage.kind: stage for stage in owner.stages.all()} if name == "tasks" else {}
    # A further track of the campaign begins with the kinds of problem of the others.
    tags: list[str] = (
        next((track.problem_tags for track in stored.values() if track.problem_tags), []) if name == "tracks" else []
    )
    added = changed = 0
    numbers: Counter[Any] = Counter()
    for given in wanted:
        numbers[given.get("stage")] += 1  # tasks are numbered within their stage
        order = numbers[given.get("stage")]
        row: Any = stored.get(given.get("pk")) or part.model()
        values = {field: given[field] for field in part.fields} | {"order": order}
        values[part.owner] = places[given["stage"]] if name == "tasks" else owner
        if row.pk is None:
            added += 1
            if tags:
                row.problem_tags = tags
        elif all(getattr(row, field) == value for field, value in values.items()):
            continue
        else:
            changed += 1
        for field, value in values.items():
            setattr(row, field, value)
        row.save()
    done = {"added": added, "changed": changed, "removed": [str(gone) for gone in removed]}
    return {name: {key: value for key, value in done.items() if value}} if any(done.values()) else {}


def _remove(row: models.Model) -> None:
    try:
        row.delete()
    except ProtectedError:
        raise ValidationError(f"“{row}”已有内容引用，不能删除。", code="in_use") from None


def _make_room(part: Part, stored: dict[int, Any], wanted: list[dict[str, Any]]) -> None:
    """Rows that change their key let go of it first, so that two of them can change places."""
    for given in wanted:
        row = stored.get(given.get("pk") or 0)
        if part.key and row is not None and getattr(row, part.key) != given[part.key]:
            part.model._default_manager.filter(pk=row.pk).update(**{part.key: f"~{row.pk}"})


def _keep_file(campaign: Campaign, upload: Upload) -> None:
    """The plan's own file; an earlier one stays in the storage, where the log's hash can be checked against it."""
    campaign.basis_file.save(f"{campaign.code}-{upload.sha256[:12]}-{upload.name}"[-120:], upload.file, save=False)
    campaign.save(update_fields=["basis_file"])
