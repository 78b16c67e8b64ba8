import copy
import datetime
import io
from decimal import Decimal

import pytest
import yaml
from django.core.exceptions import ValidationError
from django.core.management import CommandError, call_command
from django.forms.models import model_to_dict

from branches.models import AuditEntry
from standards import loading
from standards.models import (
    Campaign,
    Criterion,
    FormField,
    Rubric,
    ScoreComponent,
    Stage,
    StageTask,
    Track,
    total_weight,
)
from standards.services import campaigns as services
from standards.services import rubrics as rubric_services
from standards.services import versions
from standards.workdays import add_workdays

FILES = {path.stem: yaml.safe_load(path.read_text(encoding="utf-8")) for path in loading.PLANS.glob("*.yaml")}
RUBRICS = {rubric["code"]: rubric for rubric in FILES["rubrics"]["rubrics"]}
TRACKS = {track["code"]: track for name in ("s1", "s2") for track in FILES[name]["campaign"]["tracks"]}


def day(text):
    return datetime.date.fromisoformat(text)


def written(code):
    return [(top, item) for top in RUBRICS[code]["dimensions"] for item in top["criteria"]]


def load():
    out = io.StringIO()
    call_command("load_plans", stdout=out)
    return out.getvalue().splitlines()


def everything():
    models = (Rubric, Criterion, Campaign, Track, Stage, StageTask, FormField, ScoreComponent, AuditEntry)
    return {model.__name__: [model_to_dict(row) for row in model.objects.order_by("pk")] for model in models}


def test_the_kinds_of_problem_stand_in_the_plan_that_names_them(plans):
    named = ["弱化", "虚化", "边缘化", "两张皮", "组织生活实效性不强", "党务干部力量薄弱"]
    assert [track.problem_tags for track in plans.S1.tracks.all()] == [named] * 4
    assert [track.problem_tags for track in plans.S2.tracks.all()] == [[]]


# Rubrics


@pytest.mark.parametrize(("code", "count"), [("R1", 34), ("R2", 71), ("R3", 34), ("P1", 11)])
def test_rubric_holds_every_criterion_in_the_words_of_the_file(plans, code, count):
    rubric = Rubric.objects.get(code=code)
    leaves = [leaf for top in rubric.dimensions for leaf in top.leaves]
    assert len(leaves) == count
    assert [(leaf.code, leaf.title, leaf.text, leaf.kind) for leaf in leaves] == [
        (item["code"], item["title"], item["text"], item["kind"]) for _, item in written(code)
    ]
    assert [(leaf.evidence_hints, leaf.verify, leaf.strong, leaf.method) for leaf in leaves] == [
        (item["evidence_hints"], item["verify"], item.get("strong", ""), top.get("method", ""))
        for top, item in written(code)
    ]


def test_plans_hold_139_criteria(plans):
    leaves = Criterion.objects.filter(rubric__code__in=["R1", "R2", "R3"]).exclude(kind=Criterion.Kind.GROUP)
    assert leaves.count() == 139


@pytest.mark.parametrize("code", ["R1", "R2", "R3", "P1"])
def test_rubric_is_published_with_100_suggested_points(plans, code):
    rubric = Rubric.objects.get(code=code)
    points = {top.code: sum(leaf.max_points for leaf in top.leaves) for top in rubric.dimensions}
    assert rubric.status == Rubric.Status.PUBLISHED
    assert rubric.content_hash == rubric_services.content_hash(rubric)
    assert rubric.points_suggested is True
    assert rubric.total_points == 100
    assert points == {top.code: top.max_points for top in rubric.dimensions}
    assert sum(points.values()) == 100


def test_dimensions_keep_their_order_and_points(plans):
    dimensions = {
        code: [(top.title, int(top.max_points)) for top in Rubric.objects.get(code=code).dimensions]
        for code in ("R1", "R2", "R3", "P1")
    }
    assert dimensions == {
        "R1": [
            ("看有形象（“三化”）", 25),
            ("听有内容（“五好”）", 25),
            ("学有经验（“三有”）", 20),
            ("比有优势（“四强”）", 30),
        ],
        "R2": [
            ("建设一个好班子", 20),
            ("带出一支好队伍", 20),
            ("形成一套好机制", 20),
            ("打造一个好阵地", 20),
            ("干出一番好业绩", 20),
        ],
        "R3": [
            ("政治功能最优", 20),
            ("支部班子最优", 15),
            ("工作机制最优", 15),
            ("作用发挥最优", 20),
            ("队伍形象最优", 15),
            ("典型引领最优", 15),
        ],
        "P1": [("主题突出", 25), ("内涵丰富", 25), ("特色鲜明", 25), ("成效显著", 25)],
    }


def test_order_numbers_the_rubric_through_in_reading_order(plans):
    for rubric in Rubric.objects.all():
        assert [criterion.order for criterion in rubric.outline] == list(range(1, len(rubric.outline) + 1))


def test_items_without_points_are_the_two_vetoes_and_the_summary_phrase(plans):
    kinds = Criterion.objects.filter(max_points=0).values_list("code", "kind")
    assert sorted(kinds) == [("R1-D3-2", "veto"), ("R2-C08", "plain"), ("R3-E3", "veto")]


def test_all_items_are_scored_by_half_points(plans):
    assert set(Criterion.objects.values_list("step", flat=True)) == {Decimal("0.5")}


# Campaigns


def test_demonstration_campaign_is_a_draft_of_four_acceptance_tracks(s1):
    tracks = [
        (t.code, t.award_name, t.series, t.round_label, t.rubric.code, t.mode, t.quota, t.recommend_max)
        for t in s1.tracks.select_related("rubric")
    ]
    assert s1.status == Campaign.Status.DRAFT
    assert tracks == [
        ("T1-2020", "党建工作示范点", "T1", "2020年", "R2", "acceptance", None, None),
        ("T1-2021", "党建工作示范点", "T1", "2021年", "R2", "acceptance", None, None),
        ("T1-2022", "党建工作示范点", "T1", "2022年", "R2", "acceptance", None, None),
        ("T2-2021", "“四强”党支部", "T2", "2021年", "R1", "acceptance", None, None),
    ]
    assert set(s1.tracks.values_list("self_line", "check_line", "pass_line", "solid_required")) == {(90, 90, 90, True)}


def test_strongest_campaign_is_a_draft_of_one_competition(s2, strongest):
    assert s2.status == Campaign.Status.DRAFT
    assert s2.name == "“最强支部·最美所队”评选创建活动"
    assert strongest.award_name == "最强支部·最美警队"
    assert (strongest.mode, strongest.rubric.code) == ("competition", "R3")
    assert (strongest.quota, strongest.reserves) == (20, 3)
    assert (strongest.recommend_min, strongest.recommend_max) == (1, 5)
    assert strongest.tie_breakers == ["visit", "presentation", "self_gap"]
    assert strongest.notice_days == 5
    assert strongest.solid_required is False


def test_components_make_up_100_percent_and_are_marked_as_suggestions(plans):
    rows = ScoreComponent.objects.select_related("track__rubric", "rubric")
    by_track = {}
    for c in rows:
        row = (c.source, int(c.weight), c.scoring_rubric.code, c.method, c.trim_from, c.over_time)
        by_track.setdefault(c.track.code, []).append(row)
    on_site = [("visit", 100, "R1", "mean", 5, "last")]
    assert by_track == {
        "T1-2020": on_site,
        "T1-2021": on_site,
        "T1-2022": on_site,
        "T2-2021": on_site,
        "T3-2023": [
            ("check", 30, "R3", "mean", 5, "mean"),
            ("visit", 40, "R3", "trimmed", 5, "mean"),
            ("presentation", 30, "P1", "trimmed", 5, "mean"),
        ],
    }
    assert {c.suggested for c in rows} == {True}
    assert {total_weight(list(track.components.all())) for track in Track.objects.all()} == {100}


def windows(track):
    return {stage.kind: (stage.opens_on, stage.closes_on, stage.inferred) for stage in track.stages.all()}


def test_demonstration_round_of_2020_has_the_dates_of_the_plan(s1):
    track = s1.tracks.get(code="T1-2020")
    assert windows(track) == {
        "mobilise": (day("2020-06-01"), day("2020-06-22"), True),
        "build": (day("2020-06-23"), None, True),
        "apply": (day("2020-07-01"), day("2020-08-31"), True),
        "check": (day("2020-09-01"), day("2020-09-12"), True),
        "forward": (day("2020-09-01"), day("2020-09-15"), True),
        "onsite": (day("2020-09-16"), day("2020-09-30"), True),
        "select": (day("2020-10-09"), day("2020-10-16"), True),
        "publish": (day("2020-10-16"), day("2020-10-23"), True),
        "name": (day("2021-06-21"), day("2021-06-30"), True),
        "promote": (day("2021-07-01"), None, True),
    }
    assert track.stage("mobilise").date_text == "6月22日前"
    assert track.stage("onsite").date_text == "党建示范点从2020年到2022年每年9月底前，组织申报验收一次"


def test_each_demonstration_round_ends_in_its_own_september(s1):
    ends = {
        t.round_label: t.stage("onsite").closes_on for t in s1.tracks.filter(series="T1").prefetch_related("stages")
    }
    assert ends == {"2020年": day("2020-09-30"), "2021年": day("2021-09-30"), "2022年": day("2022-09-30")}


def test_four_strong_round_is_visited_from_may_to_june_and_named_before_july(s1):
    stages = windows(s1.tracks.get(code="T2-2021"))
    assert stages["onsite"] == (day("2021-05-01"), day("2021-06-20"), False)
    assert stages["name"] == (day("2021-06-29"), day("2021-06-30"), True)
    assert stages["apply"][1] < stages["check"][0] <= stages["check"][1] < stages["onsite"][0]


def test_strongest_has_the_dates_of_the_plan(strongest):
    year_end = (day("2023-11-01"), day("2023-12-31"), False)
    assert windows(strongest) == {
        "mobilise": (day("2023-03-01"), day("2023-03-31"), False),
        "build": (day("2023-04-01"), day("2023-10-31"), False),
        "apply": (day("2023-04-01"), day("2023-04-20"), True),
        "check": (day("2023-04-01"), day("2023-04-26"), True),
        "recommend": (day("2023-04-01"), day("2023-04-30"), False),
        "nominate": (day("2023-04-01"), day("2023-04-30"), True),
        "dynamic": (day("2023-05-01"), day("2023-10-31"), True),
        "onsite": year_end,
        "present": year_end,
        "select": year_end,
        "honour": year_end,
        "publish": (day("2023-12-15"), day("2023-12-22"), True),
        "name": year_end,
    }


def test_publishing_lasts_five_working_days(plans):
    for stage in Stage.objects.filter(kind=Stage.Kind.PUBLISH).select_related("track"):
        assert stage.closes_on == add_workdays(stage.opens_on, stage.track.notice_days)


def test_stages_stand_in_the_order_of_the_file(plans):
    for track in Track.objects.all():
        assert [stage.kind for stage in track.stages.all()] == [s["kind"] for s in TRACKS[track.code]["stages"]]


def test_tasks_are_what_each_plan_asks_of_a_branch(plans):
    tasks = {}
    for task in StageTask.objects.select_related("stage__track"):
        tasks.setdefault(task.stage.track.code, []).append((task.stage.kind, task.kind, task.source))
    first = [
        ("mobilise", "plan", "S1-39"),
        ("mobilise", "committee_meeting", "S1-40"),
        ("mobilise", "members_meeting", "S1-40"),
        ("apply", "summary", "S1-47"),
    ]
    assert tasks == {
        "T1-2020": first,
        "T1-2021": first,
        "T1-2022": first,
        "T2-2021": first,
        "T3-2023": [("mobilise", "plan", "S2-28"), ("mobilise", "members_meeting", "S2-29")],
    }


def test_form_fields_ask_only_what_the_system_does_not_know(s1, strongest):
    ending = ["honours", "expected", "present", "in_favour", "contact_phone"]
    for track in s1.tracks.all():
        assert [f.key for f in track.form_fields.all()] == [
            *("theme", "work", "features", "highlights", "brand", "brand_meaning"),
            *ending,
        ]
    assert [f.key for f in strongest.form_fields.all()] == [
        "theme",
        "work",
        "highlights",
        "brand",
        "brand_meaning",
        *ending,
    ]
    limits = {f.key: (f.kind, f.max_length) for f in strongest.form_fields.all()}
    assert limits["theme"] == ("line", 40)
    assert limits["work"] == ("text", 1500)
    assert limits["highlights"] == ("text", 500)
    assert limits["expected"] == ("number", None)


# Running it again


@pytest.fixture
def empty(db):
    """A database that holds no plan yet."""
    Campaign.objects.all().delete()
    Rubric.objects.all().delete()


def test_second_run_changes_nothing(empty):
    first = load()
    before = everything()
    second = load()
    assert first == [
        "评分标准 “看听学比”总体要求（R1 第1版）：已新建并发布。",
        "评分标准 党建工作示范点创建标准（“五个一”）（R2 第1版）：已新建并发布。",
        "评分标准 “最强支部·最美所队”创建标准（“六个最优”）（R3 第1版）：已新建并发布。",
        "评分标准 现场展示评审表（建议）（P1 第1版）：已新建并发布。",
        "创建活动 示范点暨“四强”党支部创建（2020—2022年）：已新建草稿。",
        "创建活动 最强支部·最美所队（2023年（第二轮））：已新建草稿。",
    ]
    assert second == [
        "评分标准 “看听学比”总体要求（R1 第1版）：已发布，未改动。",
        "评分标准 党建工作示范点创建标准（“五个一”）（R2 第1版）：已发布，未改动。",
        "评分标准 “最强支部·最美所队”创建标准（“六个最优”）（R3 第1版）：已发布，未改动。",
        "评分标准 现场展示评审表（建议）（P1 第1版）：已发布，未改动。",
        "创建活动 示范点暨“四强”党支部创建（2020—2022年）：草稿与文件一致，未改动。",
        "创建活动 最强支部·最美所队（2023年（第二轮））：草稿与文件一致，未改动。",
    ]
    assert everything() == before


def test_draft_campaign_is_brought_back_to_the_file(s2, strongest):
    before = everything()
    Track.objects.filter(pk=strongest.pk).update(quota=30)
    strongest.stages.filter(kind="publish").update(closes_on=day("2023-12-31"))
    StageTask.objects.create(stage=strongest.stage("apply"), kind="other", name="多余的任务")
    strongest.form_fields.filter(key="theme").update(label="别的栏目")
    assert load()[-1] == "创建活动 最强支部·最美所队（2023年（第二轮））：草稿已更新。"
    after = everything()
    audit = after.pop("AuditEntry")
    assert after == {name: rows for name, rows in before.items() if name != "AuditEntry"}
    assert (audit[-1]["action"], audit[-1]["changes"]) == ("campaign.load", {"rows": 4})


def test_new_only_leaves_an_edited_draft(s2, strongest):
    Track.objects.filter(pk=strongest.pk).update(quota=30)
    assert loading.load(loading.read(), new_only=True)[-1] == (
        "创建活动 最强支部·最美所队（2023年（第二轮））：已有草稿，未改动。"
    )
    strongest.refresh_from_db()
    assert strongest.quota == 30


def test_a_draft_of_the_next_version_is_not_taken(s2, strongest, admin):
    versions.copy_rubric(strongest.rubric, by=admin)
    load()
    assert (Track.objects.get(pk=strongest.pk).rubric.version, Rubric.objects.filter(code="R3").count()) == (1, 2)


def test_approval_of_a_draft_survives_a_reload(s2, approval, admin):
    services.record_approval(s2, by=admin, **approval)
    load()
    s2.refresh_from_db()
    assert s2.approval_number == "党发〔2023〕6号"


def test_open_campaign_is_left_untouched(s2, strongest, approval, admin):
    services.record_approval(s2, by=admin, **approval)
    Track.objects.filter(pk=strongest.pk).update(quota=18)
    services.open_campaign(s2, by=admin)
    assert load()[-1] == "创建活动 最强支部·最美所队（2023年（第二轮））：进行中，未改动。"
    strongest.refresh_from_db()
    assert strongest.quota == 18


def test_draft_rubric_is_updated_and_published(plans, tmp_path):
    Rubric.objects.filter(code="P1").update(status=Rubric.Status.DRAFT)
    Criterion.objects.filter(code="P1-A1").update(title="旧名称")
    rubric = Rubric.objects.get(code="P1")
    Criterion.objects.create(rubric=rubric, code="P1-X", title="多余", order=99, kind="plain")
    said = load()
    assert said[3] == "评分标准 现场展示评审表（建议）（P1 第1版）：已更新并发布。"
    assert [c.code for c in Rubric.objects.get(code="P1").outline][:3] == ["P1-A", "P1-A1", "P1-A2"]
    assert Criterion.objects.get(code="P1-A1").title == "政治统领"
    assert Criterion.objects.filter(code="P1-X").count() == 0


def test_published_rubric_is_left_untouched(plans):
    Criterion.objects.filter(code="P1-A1").update(title="旧名称")
    load()
    assert Criterion.objects.get(code="P1-A1").title == "旧名称"


# Faults in the files


@pytest.fixture
def broken(tmp_path):
    """Write the two files of S2 with some change; returns what `load_plans` says of them."""

    def run(change):
        rubrics, plan = copy.deepcopy(FILES["rubrics"]), copy.deepcopy(FILES["s2"])
        change({r["code"]: r for r in rubrics["rubrics"]}, plan["campaign"]["tracks"][0])
        for name, data in {"rubrics": rubrics, "s2": plan}.items():
            (tmp_path / f"{name}.yaml").write_text(yaml.safe_dump(data, allow_unicode=True), encoding="utf-8")
        with pytest.raises(ValidationError) as caught:
            loading.read(tmp_path)
        assert {error.code for error in caught.value.error_list} == {"bad_plan"}
        return caught.value.messages

    return run


FAULTS = [
    (lambda r, t: t.update(quotas=20), ["s2.yaml › S2 › T3-2023：不认识的键 quotas。"]),
    (lambda r, t: t.update(quota=None), ["s2.yaml › S2 › T3-2023：竞争评选须设名额 quota。"]),
    (lambda r, t: t.update(mode="race"), ["s2.yaml › S2 › T3-2023：mode 值 'race' 不是有效选项。"]),
    (lambda r, t: t.update(rubric="R9"), ["s2.yaml › S2 › T3-2023：没有评分标准 R9。"]),
    (lambda r, t: t.pop("rubric"), ["s2.yaml › S2 › T3-2023：缺少评分标准 rubric。"]),
    (lambda r, t: t.update(recommend_min=6), ["s2.yaml › S2 › T3-2023：推荐上限5小于下限6。"]),
    (
        lambda r, t: t.update(tie_breakers=["poll"]),
        ["s2.yaml › S2 › T3-2023：同分次序中的 poll 不是本轨道的计分构成。"],
    ),
    (lambda r, t: t["components"][0].update(weight=29), ["s2.yaml › S2 › T3-2023：计分构成的权重合计99%，应为100%。"]),
    (
        lambda r, t: t["stages"][0].update(closes_on=day("2023-02-01")),
        ["s2.yaml › S2 › T3-2023 › mobilise：截止日2023-02-01早于开始日2023-03-01。"],
    ),
    (lambda r, t: t["stages"][1].update(kind="mobilise"), ["s2.yaml › S2 › T3-2023：阶段 mobilise 重复。"]),
    (lambda r, t: t["form_fields"][1].update(key="theme"), ["s2.yaml › S2 › T3-2023：栏目 theme 重复。"]),
    (lambda r, t: t.update(stages={"a": 1}), ["s2.yaml › S2 › T3-2023：stages 须是列表。"]),
    (lambda r, t: t["stages"].append("公示"), ["s2.yaml › S2 › T3-2023 › stages[14]：须是“键: 值”的形式。"]),
    (
        lambda r, t: r["P1"]["dimensions"][0]["criteria"][0].update(max_points=9),
        ["rubrics.yaml › P1 › P1-A：各指标合计24分，与维度分值25分不符。"],
    ),
    (
        lambda r, t: r["P1"].update(total_points=110),
        ["rubrics.yaml › P1：各维度合计100分，与总分110分不符。"],
    ),
    (
        lambda r, t: r["P1"]["dimensions"][0]["criteria"][1].update(code="P1-A1"),
        ["rubrics.yaml › P1：编号 P1-A1 重复。"],
    ),
    (
        lambda r, t: r["P1"]["dimensions"][0]["criteria"][1].update(kind="levels"),
        ["rubrics.yaml › P1 › P1-A › P1-A2：等次须列出计分细则 rules。"],
    ),
]


@pytest.mark.parametrize(("change", "messages"), FAULTS)
def test_fault_is_named_with_its_place(broken, change, messages):
    assert broken(change) == messages


def test_command_reports_faults_and_changes_nothing(empty, tmp_path):
    (tmp_path / "bad.yaml").write_text("campaign: [", encoding="utf-8")
    (tmp_path / "odd.yaml").write_text("plan: 1", encoding="utf-8")
    with pytest.raises(CommandError) as caught:
        call_command("load_plans", str(tmp_path), stdout=io.StringIO())
    lines = str(caught.value).splitlines()
    assert lines[0] == "方案未读入，数据库没有改动："
    assert lines[1].startswith("· bad.yaml：不是有效的YAML文件：")
    assert lines[-1] == "· odd.yaml：顶层只能有 rubrics 或 campaign。"
    assert Rubric.objects.count() == 0


def test_empty_folder_is_refused(tmp_path):
    with pytest.raises(ValidationError) as caught:
        loading.read(tmp_path)
    assert caught.value.messages == [f"{tmp_path}：没有任何方案文件（*.yaml）。"]


def test_rules_and_bonus_dimension_are_loaded(db, tmp_path):
    rubric = {
        "code": "X1",
        "name": "含细则的标准",
        "total_points": 20,
        "dimensions": [
            {
                "code": "A",
                "title": "班子",
                "max_points": 20,
                "criteria": [
                    {
                        "code": "A1",
                        "title": "测评",
                        "kind": "levels",
                        "max_points": 20,
                        "rules": [{"label": "好", "points": 20}, {"label": "差", "points": 0}],
                    }
                ],
            },
            {
                "code": "B",
                "title": "加分",
                "max_points": 10,
                "is_bonus": True,
                "criteria": [
                    {
                        "code": "B1",
                        "title": "信息采用",
                        "kind": "count",
                        "rules": [{"label": "市局采用一次", "points": 0.5, "max_times": 8}],
                    }
                ],
            },
        ],
    }
    (tmp_path / "x.yaml").write_text(yaml.safe_dump({"rubrics": [rubric]}, allow_unicode=True), encoding="utf-8")
    assert loading.load(loading.read(tmp_path)) == ["评分标准 含细则的标准（X1 第1版）：已新建并发布。"]
    leaves = Rubric.objects.get(code="X1").leaves_for("")
    assert [(c.code, [str(rule) for rule in c.rules.all()]) for c in leaves] == [
        ("A1", ["好（20分）", "差（0分）"]),
        ("B1", ["市局采用一次（0.5分）"]),
    ]


def test_s2_knows_its_three_special_honours(plans):
    """“党支部书记工作室”“一支部一品牌”“书记项目”, from the winners only (S2-43); the plan sets no number."""
    track = Track.objects.get(campaign__code="S2")
    assert [(h.code, h.name, h.quota) for h in track.honours.all()] == [
        ("studio", "党支部书记工作室", None),
        ("brand", "一支部一品牌", None),
        ("project", "书记项目", None),
    ]
    assert all("优中选优" in honour.text for honour in track.honours.all())
    assert not any(track.honours.exists() for track in Track.objects.filter(campaign__code="S1"))
