"""Whether a draft campaign can be opened: everything that is missing or does not fit, and the step that mends it."""

import datetime
from dataclasses import dataclass
from decimal import Decimal

from django.db.models import Prefetch

from standards import scoring, workdays
from standards.models import (
    BREAKERS,
    STARS,
    Campaign,
    Criterion,
    GradeBand,
    Rubric,
    ScoreComponent,
    Stage,
    StageTask,
    Track,
    total_weight,
)

# The steps of the set-up, in order: (slug, name, whether there is one per track).
BASIS, TRACKS, CALENDAR, RECOMMEND, SCORING, FORM, OPEN = (
    "basis", "tracks", "calendar", "recommend", "scoring", "form", "open",
)  # fmt: skip
STEPS = (
    (BASIS, "依据", False),
    (TRACKS, "轨道", False),
    (CALENDAR, "日程与任务", True),
    (RECOMMEND, "推荐与条件", True),
    (SCORING, "计分与等次", True),
    (FORM, "申报表与荣誉", True),
    (OPEN, "检查并开启", False),
)
# What comes after 申报 must not close before what it waits for.
CHAIN = (
    (Stage.Kind.APPLY, Stage.Kind.CHECK),
    (Stage.Kind.CHECK, Stage.Kind.RECOMMEND),
    (Stage.Kind.CHECK, Stage.Kind.NOMINATE),
    (Stage.Kind.CHECK, Stage.Kind.FORWARD),
    (Stage.Kind.APPLY, Stage.Kind.ONSITE),
    (Stage.Kind.APPLY, Stage.Kind.PRESENT),
    (Stage.Kind.APPLY, Stage.Kind.SELECT),
    (Stage.Kind.APPLY, Stage.Kind.PUBLISH),
    (Stage.Kind.PUBLISH, Stage.Kind.NAME),
)
# A final score is on a 100 scale, whatever the rubrics come to.
FULL = Decimal(100)


@dataclass(frozen=True)
class Finding:
    """One thing that is missing or wrong, and where it is mended; a warning does not keep from opening."""

    text: str
    step: str
    track: int | None = None
    warning: bool = False


def for_judging(campaign: Campaign) -> list[Track]:
    """The tracks with everything that is judged, in a fixed number of queries."""
    components = Prefetch("components", ScoreComponent.objects.select_related("rubric", "track__rubric"))
    parts = ("stages__tasks", components, "grades", "form_fields", "honours")
    return list(campaign.tracks.select_related("rubric").prefetch_related(*parts))


def findings(campaign: Campaign) -> list[Finding]:
    """Everything, in the order of the steps of each track; the approval first."""
    found = []
    if not (campaign.approved_by and campaign.approval_number and campaign.approved_on):
        found.append(Finding("尚未登记批准依据（批准机关、文号、日期）。", OPEN))
    tracks = for_judging(campaign)
    if not tracks:
        found.append(Finding("没有任何轨道。", TRACKS))
    for track in tracks:
        judged = (*_rubrics(track), *_calendar(track), *_scoring(track), *_rules(track), *_grades(track))
        found += [Finding(f"{track}：{each.text}", each.step, track.pk, each.warning) for each in judged]
    if not campaign.basis and not campaign.basis_file:
        found.append(Finding("没有写明方案依据，也没有上传方案原件。", BASIS, warning=True))
    return found


def missing_for_opening(campaign: Campaign) -> list[str]:
    """What still keeps the campaign from opening, in words."""
    return [finding.text for finding in findings(campaign) if not finding.warning]


# Rubrics and calendar


def _rubrics(track: Track) -> list[Finding]:
    found, seen = [], set()
    for rubric, step in [(track.rubric, TRACKS), *((c.rubric, SCORING) for c in track.components.all() if c.rubric)]:
        if rubric.pk in seen:
            continue
        seen.add(rubric.pk)
        if rubric.status != Rubric.Status.PUBLISHED:
            found.append(Finding(f"评分标准“{rubric}”尚未发布。", step))
    return found


def _calendar(track: Track) -> list[Finding]:
    apply = track.stage(Stage.Kind.APPLY)
    if apply is None:
        return [Finding("没有“自评申报”阶段。", CALENDAR)]
    if apply.closes_on is None:
        return [Finding("“自评申报”阶段没有截止日期。", CALENDAR)]
    found = [Finding(text, CALENDAR) for text in out_of_order(track)] + _tasks(track) + _publicity(track)
    if track.begins_on is None:
        found.append(Finding("所有阶段都没有开始日期，支部不会被纳入；至少给第一个阶段填开始日期。", CALENDAR))
    if track.stage(Stage.Kind.CHECK) is None:
        found.append(_without_dates(Stage.Kind.CHECK))
    return found + _handing_up(track)


def _handing_up(track: Track) -> list[Finding]:
    """Whether the calendar has the stage of the way chosen; that of the other way alone shows a slip."""
    used, other = Stage.Kind.FORWARD, Stage.Kind.RECOMMEND
    if track.ranked:
        used, other = other, used
    if track.stage(used) is not None:
        return []
    if track.stage(other) is None:
        return [_without_dates(used)]
    way = "排序推荐" if track.ranked else "核查通过的全部上报"
    text = f"日程中是“{other.label}”阶段，这里选的却是{way}，该阶段的日期不起作用；请改成一致。"
    return [Finding(text, RECOMMEND, warning=True)]


def _without_dates(kind: Stage.Kind) -> Finding:
    return Finding(f"没有“{kind.label}”阶段，办理不受日期限制。", CALENDAR, warning=True)


def out_of_order(track: Track) -> list[str]:
    """Stages that would close before what they wait for, in words."""
    found = []
    for before, after in CHAIN:
        first, second = track.stage(before), track.stage(after)
        if first and second and first.closes_on and second.closes_on and second.closes_on < first.closes_on:
            found.append(
                f"“{second.name}”{_day(second.closes_on)}截止，早于“{first.name}”的截止日{_day(first.closes_on)}。"
            )
    return found


def _tasks(track: Track) -> list[Finding]:
    tasks = [task for stage in track.stages.all() for task in stage.tasks.all() if task.organiser_id is None]
    return [
        Finding(f"任务“{task.name}”不是会议，不能要求到会率。", CALENDAR)
        for task in tasks
        if task.min_attendance and not task.is_meeting
    ] + [
        Finding(f"任务“{task.name}”须附证明，但没有写明附什么。", CALENDAR, warning=True)
        for task in tasks
        if task.proof_required and not task.proof and task.kind != StageTask.Kind.PLAN
    ]


def _publicity(track: Track) -> list[Finding]:
    """Whether the public notice fits its stage, by the official calendar of working days."""
    stage = track.stage(Stage.Kind.PUBLISH)
    if not track.notice_days:
        return [Finding("没有设公示的工作日数。", TRACKS, warning=True)]
    if stage is None or stage.opens_on is None:
        return []
    if year := workdays.missing_year(stage.opens_on, track.notice_days):
        return [
            Finding(f"{year}年的节假日安排尚未收录，公示期暂不能推算工作日，届时须直接填写截止日期。", CALENDAR, warning=True)
        ]  # fmt: skip
    ends = workdays.add_workdays(stage.opens_on, track.notice_days)
    if stage.closes_on and stage.closes_on < ends:
        text = f"“{stage.name}”{_day(stage.closes_on)}截止，不足{track.notice_days}个工作日，应到{_day(ends)}。"
        return [Finding(text, CALENDAR, warning=True)]
    return []


# Scoring


def _scoring(track: Track) -> list[Finding]:
    components = list(track.components.all())
    if not components or total_weight(components) != 100:
        return [Finding("计分构成的权重合计不是100%。", SCORING)]
    found = [finding for component in components for finding in _component(track, component)]
    known = {*BREAKERS, *(component.code for component in components)}
    found += [
        Finding(f"同分次序中的“{name}”不是本轨道的计分构成。", SCORING)
        for name in track.tie_breakers
        if name not in known
    ]
    if track.grade_component and track.grade_component not in known:
        found.append(Finding(f"得星与维度所看的“{track.grade_component}”不是本轨道的计分构成。", SCORING))
    return found


def _component(track: Track, component: ScoreComponent) -> list[Finding]:
    rubric, found = component.scoring_rubric, []
    if not component.by_panel and component.rubric_id and component.rubric_id != track.rubric_id:
        found.append(Finding(f"“{component.name}”按轨道的自评标准计分，不能另选评分标准。", SCORING))
    if component.method == ScoreComponent.Method.TRIMMED and component.trim_from < 3:
        found.append(Finding(f"“{component.name}”去掉最高最低分至少要3人。", SCORING))
    if rubric.status != Rubric.Status.PUBLISHED:
        return found
    codes = {top.code for top in rubric.dimensions}
    if unknown := [code for code in component.dimensions if code not in codes]:
        found.append(Finding(f"“{component.name}”所取的维度{'、'.join(unknown)}不在《{rubric.name}》中。", SCORING))
    elif not any(item.scored for item in component.sheet.items):
        found.append(Finding(f"“{component.name}”的评分标准没有计分的指标。", SCORING))
    elif component.pass_line is not None and component.pass_line > _reach(component.sheet):
        reach = scoring.plain(_reach(component.sheet))
        found.append(Finding(f"“{component.name}”的达标线高于最高可得{reach}分。", SCORING))
    return found


def _reach(sheet: scoring.Sheet) -> Decimal:
    """The most that can be had, the bonus included unless it is capped."""
    bonus = sum((d.reachable * d.weight / FULL for d in sheet.dimensions if d.bonus), scoring.ZERO)
    return sheet.total_points if sheet.capped else sheet.total_points + bonus


# Quota, recommendation, lines


def _rules(track: Track) -> list[Finding]:
    found = []
    if track.is_competition and not track.quota:
        found.append(Finding("竞争评选须设名额。", TRACKS))
    if not track.is_competition and (track.quota or track.reserves):
        found.append(Finding("达标验收不设名额和候补，所填的不起作用。", TRACKS, warning=True))
    if track.is_competition and not track.reserves:
        found.append(Finding("没有设候补名额，出现否决时不能递补。", TRACKS, warning=True))
    if track.is_competition and not track.tie_breakers:
        found.append(Finding("没有设同分次序，名额线上同分时不能公示。", SCORING, warning=True))
    if not track.is_competition and track.pass_line is None and not track.pass_grade:
        found.append(Finding("没有设达标线，也没有设命名最低等次，参评的都算达标。", TRACKS, warning=True))
    if track.recommend_max is not None and track.recommend_max < track.recommend_min:
        text = f"推荐上限{track.recommend_max}小于下限{track.recommend_min}。"
        found.append(Finding(text, RECOMMEND))
    if not track.form_fields.all():
        found.append(Finding("申报表没有任何栏目，只有系统已知的内容。", FORM, warning=True))
    return found + _lines(track)


def _lines(track: Track) -> list[Finding]:
    found = []
    if track.pass_line is not None and track.pass_line > FULL:
        found.append(Finding(f"达标线{scoring.plain(track.pass_line)}分高于满分100分。", TRACKS))
    if track.rubric.status != Rubric.Status.PUBLISHED:
        return found
    reach = _reach(track.rubric.sheet)
    for name, line in (("自评达标线", track.self_line), ("核查达标线", track.check_line)):
        if line is not None and line > reach:
            found.append(
                Finding(f"{name}{scoring.plain(line)}分高于自评标准最高可得{scoring.plain(reach)}分。", TRACKS)
            )
    return found


# Grades


def _grades(track: Track) -> list[Finding]:
    bands = list(track.grades.all())
    names = {band.name for band in bands}
    found = _caps(track, names)
    if track.pass_grade and track.pass_grade not in names:
        found.append(Finding(f"命名最低等次“{track.pass_grade}”不在等次表中。", SCORING))
    if not bands:
        return found
    if bare := [band.name for band in bands[:-1] if not _has_conditions(band)]:
        found.append(Finding(f"等次“{bare[0]}”没有任何条件，排在它后面的等次永远轮不到。", SCORING))
    if _has_conditions(bands[-1]):
        found.append(Finding(f"最末等次“{bands[-1].name}”设有条件，达不到的支部没有等次。", SCORING, warning=True))
    if sum((band.share or Decimal(0) for band in bands), Decimal(0)) > FULL:
        found.append(Finding("各等次的比例合计超过100%。", SCORING))
    marks = [band.at_least for band in bands if band.at_least is not None]
    if marks != sorted(marks, reverse=True):
        found.append(Finding("等次应从高到低排列，分数线也应逐级降低。", SCORING))
    return found + [finding for band in bands for finding in _band(track, band)]


def _has_conditions(band: GradeBand) -> bool:
    asked = (band.at_least, band.share, band.stars, band.each_dimension, band.component_min)
    return any(value is not None for value in asked)


def _band(track: Track, band: GradeBand) -> list[Finding]:
    found, components = [], {component.code: component for component in track.components.all()}
    if (band.component_min is not None) != bool(band.component):
        found.append(Finding(f"等次“{band.name}”的单项条件要同时写明哪一项和不低于多少分。", SCORING))
    elif band.component and band.component not in components:
        found.append(Finding(f"等次“{band.name}”的单项“{band.component}”不是本轨道的计分构成。", SCORING))
    if band.at_least is not None and band.at_least > FULL:
        found.append(Finding(f"等次“{band.name}”的分数线高于100分。", SCORING))
    looked_at = components.get(track.grade_component) or next(iter(components.values()), None)
    if band.stars and looked_at and looked_at.scoring_rubric.status == Rubric.Status.PUBLISHED:
        lines = sum(top.line is not None for top in looked_at.tops)
        if band.stars > lines:
            found.append(
                Finding(f"等次“{band.name}”要求得{band.stars}星，但所看的标准只有{lines}个设得星线的维度。", SCORING)
            )
    return found


def _caps(track: Track, names: set[str]) -> list[Finding]:
    """A veto that caps the grade must name a grade of this track."""
    found = []
    rubrics = {track.rubric, *(component.scoring_rubric for component in track.components.all())}
    for rubric in sorted(rubrics, key=lambda rubric: rubric.pk):
        if rubric.status != Rubric.Status.PUBLISHED:
            continue
        for criterion in rubric.outline:
            caps = criterion.kind == scoring.VETO and criterion.veto_effect == Criterion.Effect.CAP
            if caps and criterion.veto_cap not in names:
                text = f"标准《{rubric.name}》{criterion.code}限制的等次“{criterion.veto_cap}”不在等次表中。"
                found.append(Finding(text, SCORING))
    if STARS in track.tie_breakers and not any(top.line is not None for top in track.rubric.dimensions):
        found.append(Finding("同分比较得星数，但自评标准没有设得星线。", SCORING, warning=True))
    return found


def _day(day: datetime.date) -> str:
    return f"{day.month}月{day.day}日"
