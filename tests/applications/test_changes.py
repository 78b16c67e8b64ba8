"""Two submissions read against each other, section by section; old contents and gaps are no changes."""

import copy

import pytest

from applications import changes
from tests.applications import contents


@pytest.fixture
def before():
    """As the second schema freezes it: each answer in words."""
    made = contents.content()
    made["schema"] = 2
    for item in items(made):
        item.update(said=f"{item['points']}分" if item["points"] else "", asked=item["kind"] != "plain")
    return made


@pytest.fixture
def after(before):
    return copy.deepcopy(before)


def items(made):
    return [item for top in made["assessment"]["dimensions"] for item in top["items"]]


def said(found):
    return [(change.section, change.label, change.code, change.before, change.after) for change in found]


def test_nothing_changed(before, after):
    assert changes.compare(before, after) == []
    assert changes.changed_codes(before, after) == set()


def test_branch_facts_in_words(before, after):
    after["branch"]["full_members"] = 22
    after["branch"]["secretary"]["title"] = "教导员"
    after["branch"]["committee"].pop()
    after["road"] = "自荐"
    assert [(change.label, change.before, change.after) for change in changes.compare(before, after)][:3] == [
        ("申报通道", "排序推荐", "自荐"),
        ("正式党员", "21", "22"),
        ("书记", "支部书记A（所长，2021-03-15，13800000001）", "支部书记A（教导员，2021-03-15，13800000001）"),
    ]
    assert [change.label for change in changes.compare(before, after)][3:] == ["支委"]


def test_secretary_who_was_not_registered(before, after):
    before["branch"]["secretary"] = None
    change = changes.compare(before, after)[0]
    assert (change.before, change.after) == ("（未填写）", "支部书记A（所长，2021-03-15，13800000001）")


def test_fields_by_their_keys(before, after):
    after["fields"][0]["value"] = ""
    gone = after["fields"].pop(3)
    after["fields"].append({"key": "extra", "label": "补充说明", "kind": "text", "value": "新增的"})
    assert said(changes.compare(before, after)) == [
        ("申报内容", "创建主题", "", "党旗红·警徽亮，把支部建在老百姓家门口", "（未填写）"),
        ("申报内容", "补充说明", "", "（没有）", "新增的"),
        ("申报内容", gone["label"], "", gone["value"], "（没有）"),
    ]
    assert [change.anchor for change in changes.compare(before, after)] == ["field-theme", "field-extra", "part-fields"]


def test_plan_matches_measures_by_their_words(before, after):
    after["plan"][1]["actual"] = "290户"
    removed = after["plan"].pop(0)
    found = changes.compare(before, after)
    details = "指标：走访户数；基数：200户；目标值：250户；实际值：290户；责任人：支委B堃；时限：2023-10-31"
    assert [(change.label, change.after) for change in found] == [
        ("第1条措施", f"{after['plan'][0]['measure']}；{details}"),
        ("删去的措施", "（没有）"),
    ]
    assert found[1].before.startswith(removed["measure"])


def test_plan_reworded_and_put_in_another_order(before, after):
    after["plan"][0]["measure"] = "换了说法"
    assert [(change.label, change.before[:6], change.after[:4]) for change in changes.compare(before, after)] == [
        ("第1条措施", "第1项措施：", "换了说法"),
    ]  # fmt: skip
    after = copy.deepcopy(before)
    after["plan"].reverse()
    assert [change.label for change in changes.compare(before, after)] == ["措施的次序"]


def test_a_measure_that_stands_there_twice(before, after):
    after["plan"].append(copy.deepcopy(after["plan"][0]))
    assert [(change.label, change.before) for change in changes.compare(before, after)] == [("第7条措施", "（没有）")]


def test_tasks(before, after):
    after["tasks"][1]["present"] = 23
    del after["tasks"][0]
    meeting = "2023-03-16，应到23人，实到{}人，列席辅警12人"
    assert said(changes.compare(before, after)) == [
        ("任务", "党员大会部署创建工作", "", meeting.format(22), meeting.format(23)),
        ("任务", "创建活动计划措施", "", "2023-03-10", "（没有）"),
    ]


def test_answers_points_and_remarks(before, after):
    first, second = items(after)[:2]
    first.update(points="0", said="0分")
    second["remark"] = "补充了台账"
    after["assessment"]["total"] = "80"
    assert [(c.label, c.code, c.after) for c in changes.compare(before, after)] == [
        ("自评合计", "", "80分"),
        (f"{first['code']} {first['title']}", first["code"], "0分" if first["kind"] == "points" else "0分，0分"),
        (f"{second['code']} {second['title']}·说明", second["code"], "补充了台账"),
    ]
    assert changes.changed_codes(before, after) == {first["code"], second["code"]}


@pytest.mark.parametrize(
    ("item", "words"),
    [
        ({"kind": "levels", "points": "15", "said": "较好"}, "15分，较好"),
        ({"kind": "points", "points": "3.5", "said": "3.5分"}, "3.5分"),
        ({"kind": "points", "points": "", "said": ""}, "未评"),
        ({"kind": "veto", "points": "", "said": "未发生"}, "未发生"),
        ({"kind": "plain", "points": "", "said": ""}, "（未填写）"),
    ],
)
def test_answer_in_words(before, after, item, words):
    items(before)[0].update(kind=item["kind"], points="99", said="别的")
    items(after)[0].update(item)
    assert [change.after for change in changes.compare(before, after)] == [words]


def test_criterion_that_came_or_went(before, after):
    gone = after["assessment"]["dimensions"][0]["items"].pop(0)
    found = changes.compare(before, after)
    assert [(change.label, change.after) for change in found] == [(f"{gone['code']} {gone['title']}", "（没有）")]


def test_evidence_per_criterion_by_content(before, after):
    after["evidence"][0]["sha256"] = "f" * 64
    after["evidence"].append({"criterion": "R3-A9", "name": "新.pdf", "sha256": "e" * 64})
    first = before["evidence"][0]
    assert changes.changed_codes(before, after) == {first["criterion"], "R3-A9"}
    renewed = next(change for change in changes.compare(before, after) if change.code == first["criterion"])
    assert f"{first['name']}（内容 {'f' * 8}）" in renewed.after
    assert f"{first['name']}（内容 {first['sha256'][:8]}）" in renewed.before


def test_evidence_cited_in_another_order_is_no_change(before, after):
    after["evidence"].reverse()
    assert changes.compare(before, after) == []


def test_first_schema_knows_no_answers_in_words(before):
    old = contents.content()
    assert changes.compare(old, before) == []
    items(before)[0]["points"] = "0"
    assert changes.changed_codes(old, before) == {items(before)[0]["code"]}


@pytest.mark.parametrize("section", ["branch", "fields", "plan", "tasks", "assessment", "evidence", "road"])
def test_a_section_one_of_them_does_not_know_is_no_change(before, after, section):
    del after[section]
    assert changes.compare(before, after) == []
    assert changes.compare(after, before) == []


def test_empty_contents():
    assert changes.compare({}, {}) == []
    assert changes.compare(contents.empty(), contents.empty()) == []
    assert changes.compare(contents.empty(), contents.full())


def test_by_section_and_counted(before, after):
    after["fields"][0]["value"], after["tasks"] = "改", []
    found = changes.compare(before, after)
    assert [(section, len(group)) for section, group in changes.by_section(found)] == [("申报内容", 1), ("任务", 2)]
    assert changes.counted(found) == "申报内容1处，任务2处"


def test_a_change_shows_the_signs_that_differ(before, after):
    after["fields"][1]["value"] = before["fields"][1]["value"].replace("128起", "129起", 1)
    (change,) = changes.compare(before, after)
    assert [piece.text for piece in change.right if piece.changed] == ["129"]
