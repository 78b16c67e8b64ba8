"""Plans as files: read `standards/plans/*.yaml`, check them, and make the drafts in the database equal to them.

A file names the fields of the models; what it leaves out takes the model's default. What is published or open is never
touched: a change of a published rubric is a new `version` in the file.
"""

from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from operator import attrgetter
from pathlib import Path
from typing import Any

import yaml
from django.core.exceptions import ValidationError
from django.db.models import Model, QuerySet

from branches import audit
from standards.models import (
    BREAKERS,
    Campaign,
    Criterion,
    FormField,
    GradeBand,
    Rubric,
    ScoreComponent,
    ScoreRule,
    SpecialHonour,
    Stage,
    StageTask,
    Track,
)
from standards.services.rubrics import CRITERION_CONTENT, RULE_CONTENT, publish_rubric

PLANS = Path(__file__).resolve().parent / "plans"

FIELDS: dict[type[Model], tuple[str, ...]] = {
    Rubric: ("code", "version", "name", "source", "total_points", "points_suggested", "rescale", "cap_total"),
    Criterion: (
        *CRITERION_CONTENT,
        "order",
    ),
    ScoreRule: (*RULE_CONTENT, "order"),
    Campaign: ("code", "name", "short_name", "round_label", "issuer", "basis", "description", "source"),
    Track: (
        *("code", "award_name", "series", "round_label", "mode", "quota", "reserves", "pass_line", "self_line"),
        *("check_line", "recommend_min", "recommend_max", "tie_breakers", "notice_days", "valid_years"),
        *("plaque_prefix", "form_copies", "clearance_points", "solid_required", "min_members", "min_years"),
        *("eligible_lines", "eligibility_note", "self_nomination", "pass_grade", "grade_component", "order"),
        *("problem_tags",),
    ),
    Stage: ("kind", "name", "opens_on", "closes_on", "date_text", "inferred", "actors", "outputs", "source", "order"),
    StageTask: ("kind", "name", "proof", "proof_required", "min_attendance", "source", "order"),
    FormField: ("key", "label", "kind", "max_length", "required", "help_text", "source", "order"),
    ScoreComponent: (
        *("code", "source", "name", "weight", "dimensions", "method", "trim_from", "min_scores", "over_time"),
        *("pass_line", "suggested", "order"),
    ),
    GradeBand: ("name", "at_least", "share", "stars", "each_dimension", "component", "component_min", "order"),
    SpecialHonour: ("code", "name", "quota", "text", "order"),
}


TRACK_PARTS = ("stages", "form_fields", "components", "grades", "honours")


@dataclass
class Node:
    """One mapping of a file: the row it asks for, where it stands, and what hangs below it."""

    row: Any
    where: str
    below: dict[str, list["Node"]] = field(default_factory=dict)
    rubric: str = ""


@dataclass
class Plans:
    """Everything the files ask for, checked in itself; `errors` says what is wrong, in words."""

    rubrics: list[Node] = field(default_factory=list)
    campaigns: list[Node] = field(default_factory=list)
    errors: list[str] = field(default_factory=list)


# Reading: files to checked, unsaved rows


def read(folder: Path = PLANS) -> Plans:
    """Read and check all files. Raises ValidationError (code `bad_plan`) with every fault, each with its place."""
    plans = Plans()
    paths = sorted(folder.glob("*.yaml"))
    if not paths:
        plans.errors.append(f"{folder}：没有任何方案文件（*.yaml）。")
    for path in paths:
        try:
            data = yaml.safe_load(path.read_text(encoding="utf-8"))
        except (yaml.YAMLError, UnicodeDecodeError) as error:
            plans.errors.append(f"{path.name}：不是有效的YAML文件：{error}")
            continue
        _read_file(plans, path.name, data)
    _check_references(plans)
    if plans.errors:
        raise ValidationError([ValidationError(error, code="bad_plan") for error in plans.errors])
    return plans


def _read_file(plans: Plans, name: str, data: Any) -> None:
    if not isinstance(data, dict) or not set(data) <= {"rubrics", "campaign"} or not data:
        plans.errors.append(f"{name}：顶层只能有 rubrics 或 campaign。")
        return
    plans.rubrics += [_rubric(plans, node) for node in _nodes(plans, Rubric, data, "rubrics", name, ("dimensions",))]
    if "campaign" in data:
        wrapped = {"campaign": [data["campaign"]]}
        plans.campaigns += [
            _campaign(plans, n) for n in _nodes(plans, Campaign, wrapped, "campaign", name, ("tracks",))
        ]


def _nodes(
    plans: Plans, model: type[Model], data: dict, key: str, where: str, children: tuple[str, ...] = ()
) -> Iterator[Node]:
    """The mappings listed under `key` as checked rows in their order; the lists named in `children` stay raw on them."""
    listed = data.get(key) or []
    if not isinstance(listed, list):
        plans.errors.append(f"{where}：{key} 须是列表。")
        return
    for order, given in enumerate(listed, 1):
        place = f"{where} › {key}[{order}]"
        if not isinstance(given, dict):
            plans.errors.append(f"{place}：须是“键: 值”的形式。")
            continue
        label = given.get("code") or given.get("kind") or given.get("key") or given.get("source")
        place = f"{where} › {label}" if label else place
        values = {name: value for name, value in given.items() if name not in children}
        row = _row(plans, model, values, order, place)
        node = Node(row, place, rubric=str(given.get("rubric") or ""))
        node.row.raw = {name: given.get(name) for name in children}
        yield node


def _row(plans: Plans, model: type[Model], values: dict, order: int, place: str) -> Any:
    """An unsaved row, its values converted and checked by the fields of the model."""
    extra = {"rubric"} if model in (Track, ScoreComponent) else set()
    unknown = sorted(str(name) for name in set(values) - set(FIELDS[model]) - extra)
    if unknown:
        plans.errors.append(f"{place}：不认识的键 {'、'.join(unknown)}。")
    row: Any = model(**{name: values[name] for name in FIELDS[model] if name in values})
    if "order" in FIELDS[model] and "order" not in values:
        row.order = order
    try:
        row.clean_fields(exclude={f.name for f in model._meta.fields} - set(FIELDS[model]))
    except ValidationError as error:
        for name, messages in error.message_dict.items():
            plans.errors.append(f"{place}：{name} {''.join(messages)}")
    return row


def _rubric(plans: Plans, node: Node) -> Node:
    """Dimensions and criteria to any depth, numbered through in reading order."""
    node.below["criteria"] = list(_criteria(plans, node.row.raw, "dimensions", node.where, ""))
    for order, criterion in enumerate(_walk(node.below["criteria"]), 1):
        criterion.row.order = order
    _unique(plans, node.where, "编号", (criterion.row.code for criterion in _walk(node.below["criteria"])))
    if not plans.errors:
        _check_points(plans, node)
    return node


def _criteria(plans: Plans, raw: dict, key: str, where: str, method: str) -> Iterator[Node]:
    for node in _nodes(plans, Criterion, raw, key, where, ("criteria", "rules")):
        row = node.row
        row.method = row.method or method
        if row.raw["criteria"]:
            row.kind = Criterion.Kind.GROUP
        node.below["criteria"] = list(_criteria(plans, row.raw, "criteria", node.where, row.method))
        node.below["rules"] = list(_nodes(plans, ScoreRule, row.raw, "rules", node.where))
        if row.kind in (Criterion.Kind.LEVELS, Criterion.Kind.COUNT, Criterion.Kind.DEDUCT) and not node.below["rules"]:
            plans.errors.append(f"{node.where}：{Criterion.Kind(row.kind).label}须列出计分细则 rules。")
        yield node


def _check_points(plans: Plans, rubric: Node) -> None:
    """Every dimension holds exactly what its items can reach, and the dimensions make up the total."""
    total = 0
    for top in rubric.below["criteria"]:
        reach = sum((n.row.max_points for n in _walk([top]) if n.row.scored), start=0)
        if top.row.kind == Criterion.Kind.GROUP and not top.row.is_bonus and reach != top.row.max_points:
            plans.errors.append(f"{top.where}：各指标合计{reach}分，与维度分值{top.row.max_points}分不符。")
        total += 0 if top.row.is_bonus else top.row.max_points
    if not rubric.row.rescale and total != rubric.row.total_points:
        plans.errors.append(f"{rubric.where}：各维度合计{total}分，与总分{rubric.row.total_points}分不符。")


def _walk(nodes: Iterable[Node]) -> Iterator[Node]:
    for node in nodes:
        yield node
        yield from _walk(node.below["criteria"])


def _campaign(plans: Plans, node: Node) -> Node:
    node.below["tracks"] = list(_nodes(plans, Track, node.row.raw, "tracks", node.where, TRACK_PARTS))
    for track in node.below["tracks"]:
        raw, where = track.row.raw, track.where
        track.below["stages"] = list(_nodes(plans, Stage, raw, "stages", where, ("tasks",)))
        for stage in track.below["stages"]:
            stage.below["tasks"] = list(_nodes(plans, StageTask, stage.row.raw, "tasks", stage.where))
            _unique(plans, stage.where, "任务", (task.row.kind for task in stage.below["tasks"]))
        track.below["form_fields"] = list(_nodes(plans, FormField, raw, "form_fields", where))
        track.below["components"] = list(_nodes(plans, ScoreComponent, raw, "components", where))
        for component in track.below["components"]:
            component.row.code = component.row.code or component.row.source
        track.below["grades"] = list(_nodes(plans, GradeBand, raw, "grades", where))
        track.below["honours"] = list(_nodes(plans, SpecialHonour, raw, "honours", where))
        if not plans.errors:
            _check_track(plans, track)
    _unique(plans, node.where, "轨道", (track.row.code for track in node.below["tracks"]))
    return node


def _check_track(plans: Plans, node: Node) -> None:
    track, components = node.row, [component.row for component in node.below["components"]]
    _unique(plans, node.where, "阶段", (stage.row.kind for stage in node.below["stages"]))
    _unique(plans, node.where, "栏目", (form_field.row.key for form_field in node.below["form_fields"]))
    _unique(plans, node.where, "计分构成", (component.code for component in components))
    _unique(plans, node.where, "等次", (band.row.name for band in node.below["grades"]))
    _unique(plans, node.where, "专项荣誉", (honour.row.code for honour in node.below["honours"]))
    for stage in node.below["stages"]:
        opens, closes = stage.row.opens_on, stage.row.closes_on
        if opens and closes and closes < opens:
            plans.errors.append(f"{stage.where}：截止日{closes}早于开始日{opens}。")
    weight = sum(component.weight for component in components)
    if weight != 100:
        plans.errors.append(f"{node.where}：计分构成的权重合计{weight}%，应为100%。")
    if track.is_competition and not track.quota:
        plans.errors.append(f"{node.where}：竞争评选须设名额 quota。")
    if track.recommend_max is not None and track.recommend_max < track.recommend_min:
        plans.errors.append(f"{node.where}：推荐上限{track.recommend_max}小于下限{track.recommend_min}。")
    for name in track.tie_breakers:
        if name not in {*BREAKERS, *(component.code for component in components)}:
            plans.errors.append(f"{node.where}：同分次序中的 {name} 不是本轨道的计分构成。")


def _check_references(plans: Plans) -> None:
    _unique(plans, "评分标准", "编码与版本", (f"{n.row.code} 第{n.row.version}版" for n in plans.rubrics))
    _unique(plans, "创建活动", "编码", (n.row.code for n in plans.campaigns))
    known = {node.row.code for node in plans.rubrics}
    for track in (track for campaign in plans.campaigns for track in campaign.below["tracks"]):
        for node in (track, *track.below["components"]):
            if node.rubric and node.rubric not in known:
                plans.errors.append(f"{node.where}：没有评分标准 {node.rubric}。")
        if not track.rubric:
            plans.errors.append(f"{track.where}：缺少评分标准 rubric。")


def _unique(plans: Plans, where: str, what: str, keys: Iterable[str]) -> None:
    for key, times in Counter(keys).items():
        if times > 1:
            plans.errors.append(f"{where}：{what} {key} 重复。")


# Loading: rows to database


def load(plans: Plans, *, new_only: bool = False) -> list[str]:
    """Create or update the drafts, publish the rubrics; one transaction. Returns a sentence for each rubric and campaign.

    Rows that a file no longer names are removed from its draft. With `new_only` an existing draft is left as it is,
    with whatever people have changed in it.
    """
    with audit.recorded():
        said = [_load_rubric(node, new_only) for node in plans.rubrics]
        # Somebody's draft of the next version is not what a plan means.
        fixed = Rubric.objects.exclude(status=Rubric.Status.DRAFT)
        newest = {rubric.code: rubric for rubric in fixed.order_by("version")}
        said += [_load_campaign(node, newest, new_only) for node in plans.campaigns]
    return said


def _load_rubric(node: Node, new_only: bool) -> str:
    wanted = node.row
    stored = Rubric.objects.select_for_update(no_key=True).filter(code=wanted.code, version=wanted.version).first()
    if stored and stored.status != Rubric.Status.DRAFT:
        return f"评分标准 {stored}：{stored.get_status_display()}，未改动。"
    if stored and new_only:
        return f"评分标准 {stored}：已有草稿，未改动。"
    changed = _sync([wanted], Rubric.objects.filter(code=wanted.code, version=wanted.version), ("code",))
    changed += _sync_criteria(wanted, node.below["criteria"])
    if changed:
        audit.record("rubric.load", wanted, by=None, rows=changed)
    publish_rubric(Rubric.objects.get(pk=wanted.pk), by=None)
    return f"评分标准 {wanted}：{'已更新' if stored else '已新建'}并发布。"


def _sync_criteria(rubric: Rubric, tops: list[Node]) -> int:
    """Level by level, so that every parent has its key when its children need it."""
    changed, level = 0, tops
    nodes = list(_walk(tops))
    for node in nodes:
        node.row.rubric = rubric
    gone = rubric.criteria.exclude(code__in=[node.row.code for node in nodes])
    changed += gone.delete()[0]
    while level:
        there = rubric.criteria.filter(code__in=[node.row.code for node in level])
        changed += _sync([node.row for node in level], there, ("code",), ("parent_id",))
        for node in level:
            for child in node.below["criteria"]:
                child.row.parent = node.row
            for rule in node.below["rules"]:
                rule.row.criterion = node.row
        level = [child for node in level for child in node.below["criteria"]]
    rules = [rule.row for node in nodes for rule in node.below["rules"]]
    return changed + _sync(rules, ScoreRule.objects.filter(criterion__rubric=rubric), ("criterion_id", "order"))


def _load_campaign(node: Node, rubrics: dict[str, Rubric], new_only: bool) -> str:
    wanted = node.row
    stored = Campaign.objects.select_for_update(no_key=True).filter(code=wanted.code).first()
    if stored and stored.status != Campaign.Status.DRAFT:
        return f"创建活动 {stored}：{stored.get_status_display()}，未改动。"
    if stored and new_only:
        return f"创建活动 {stored}：已有草稿，未改动。"
    changed = _sync([wanted], Campaign.objects.filter(code=wanted.code), ("code",))
    tracks = node.below["tracks"]
    for track in tracks:
        track.row.campaign, track.row.rubric = wanted, rubrics[track.rubric]
    changed += _sync([track.row for track in tracks], wanted.tracks.all(), ("code",), ("rubric_id",))
    changed += sum(_sync_track(track, rubrics) for track in tracks)
    if changed:
        audit.record("campaign.load", wanted, by=None, rows=changed)
    return (
        f"创建活动 {wanted}：{'已新建草稿' if not stored else '草稿已更新' if changed else '草稿与文件一致，未改动'}。"
    )


def _sync_track(node: Node, rubrics: dict[str, Rubric]) -> int:
    track, stages = node.row, [stage.row for stage in node.below["stages"]]
    for kind in TRACK_PARTS:
        for child in node.below[kind]:
            child.row.track = track
    for component in node.below["components"]:
        component.row.rubric = rubrics.get(component.rubric)
    changed = _sync(stages, track.stages.all(), ("kind",))
    changed += _sync([n.row for n in node.below["form_fields"]], track.form_fields.all(), ("key",))
    changed += _sync([n.row for n in node.below["components"]], track.components.all(), ("code",), ("rubric_id",))
    changed += _sync([n.row for n in node.below["grades"]], track.grades.all(), ("name",))
    changed += _sync([n.row for n in node.below["honours"]], track.honours.all(), ("code",))
    for stage in node.below["stages"]:
        for task in stage.below["tasks"]:
            task.row.stage = stage.row
    tasks = [task.row for stage in node.below["stages"] for task in stage.below["tasks"]]
    return changed + _sync(tasks, StageTask.objects.filter(stage__track=track, organiser=None), ("stage_id", "kind"))


def _sync(wanted: list[Any], stored: QuerySet, key: tuple[str, ...], links: tuple[str, ...] = ()) -> int:
    """Make the stored rows equal to the wanted ones, matched by `key`; the wanted rows get their primary keys.

    Only the fields a file may name are written, and only where they differ. Returns the number of rows changed.
    """
    identity = attrgetter(*key)
    there = {identity(row): row for row in stored}
    new, changed = [], 0
    for row in wanted:
        old = there.pop(identity(row), None)
        if old is None:
            new.append(row)
            continue
        row.pk, row._state.adding = old.pk, False
        differing = [name for name in (*FIELDS[type(row)], *links) if getattr(old, name) != getattr(row, name)]
        if differing:
            row.save(update_fields=differing)
            changed += 1
    for old in there.values():
        old.delete()
    if new:
        type(new[0]).objects.bulk_create(new)
    return changed + len(new) + len(there)
