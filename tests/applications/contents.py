"""Snapshot contents made by hand: an ordinary one, a very full one and an empty one. No database."""

import datetime
import json
from functools import cache
from zoneinfo import ZoneInfo

import yaml
from django.conf import settings

from applications import snapshots
from applications.models import Snapshot

RARE = "𬭎䶮堃昇珺頔㛃婳峣"
SENTENCE = (
    "坚持党建引领，把支部建在一线，围绕派出所主防的职责，把警务室设在村居，全年化解矛盾纠纷128起，群众满意度达到98.6%。"
)
FIELDS = [
    ("theme", "创建主题", "line", "党旗红·警徽亮，把支部建在老百姓家门口"),
    ("work", "创建情况", "text", "\n".join([SENTENCE * 4, SENTENCE * 5, SENTENCE * 3])),
    ("highlights", "特色亮点", "text", SENTENCE * 3),
    ("brand", "品牌名称", "line", "平安灯塔"),
    ("brand_meaning", "品牌内涵", "text", "灯塔照亮归途，平安守护万家。"),
    ("honours", "近三年获奖", "text", "2021年6月　先进基层党组织　某县委\n2022年7月　全市优秀公安基层单位　市公安局"),
    ("expected", "支部党员大会应到人数", "number", "23"),
    ("present", "支部党员大会实到人数", "number", "22"),
    ("in_favour", "赞成人数", "number", "21"),
    ("contact_phone", "经办人电话", "line", "0531-80001234"),
]


@cache
def rubric(code):
    path = settings.BASE_DIR / "standards" / "plans" / "rubrics.yaml"
    plan = yaml.safe_load(path.read_text(encoding="utf-8"))
    return next(rubric for rubric in plan["rubrics"] if rubric["code"] == code)


def assessment(code, remark):
    source, total, dimensions = rubric(code), 0, []
    for top in source["dimensions"]:
        items = []
        for leaf in top["criteria"]:
            scored = leaf["kind"] not in ("veto", "plain")
            points = str(leaf.get("max_points", 0)) if scored else ""
            items.append(
                {
                    "code": leaf["code"],
                    "title": leaf["title"],
                    "kind": leaf["kind"],
                    "max": str(leaf.get("max_points", 0)),
                    "points": points,
                    "remark": remark if scored else "",
                }
            )
        total += top["max_points"]
        dimensions.append(
            {
                "code": top["code"],
                "title": top["title"],
                "max": str(top["max_points"]),
                "points": str(top["max_points"]),
                "items": items,
            }
        )
    return {
        "rubric": {"code": code, "version": 1, "name": source["name"], "hash": "0" * 64},
        "total": str(total),
        "out_of": "100",
        "complete": True,
        "dimensions": dimensions,
    }


def content(*, rubric_code="R3", plan_rows=6, files=5, remark="有台账、有记录、有照片，按月归档。", **changes):
    made = {
        "schema": 1,
        "campaign": {"name": "“最强支部·最美所队”评选创建活动", "round": "2023年（第二轮）", "code": "S2"},
        "track": {"award": "“最强支部·最美警队”", "round": "2023年", "mode": "竞争评选", "copies": 3},
        "road": "排序推荐",
        "branch": {
            "name": "某市公安局甲县分局城关派出所党支部",
            "parent": "中共某市公安局甲县分局委员会",
            "line": "派出所",
            "founded_on": "1998-07-01",
            "term_ends_on": "2025-06-30",
            "full_members": 21,
            "probationary_members": 2,
            "officers": 26,
            "auxiliaries": 48,
            "solid": "五星级过硬支部 甲公党〔2022〕8号",
            "secretary": {"name": "支部书记A", "title": "所长", "since": "2021-03-15", "phone": "13800000001"},
            "committee": [
                {"name": "支部书记A", "post": "书记", "duties": "主持支部全面工作"},
                {"name": "支委B堃", "post": "组织委员", "duties": "组织工作、发展党员"},
                {"name": "支委C䶮", "post": "宣传委员", "duties": "宣传思想、意识形态"},
                {"name": f"支委{RARE}", "post": "纪检委员", "duties": ""},
            ],
        },
        "fields": [{"key": k, "label": label, "kind": kind, "value": value} for k, label, kind, value in FIELDS],
        "plan": [
            {
                "measure": f"第{number}项措施：每月开展一次主题党日，党员民警带队走访辖区群众",
                "indicator": "走访户数",
                "baseline": f"{number}00户",
                "target": f"{number}50户",
                "actual": f"{number}60户" if number % 2 else "",
                "responsible": "支委B堃",
                "due_on": "2023-10-31",
            }
            for number in range(1, plan_rows + 1)
        ],
        "tasks": [
            {
                "name": "创建活动计划措施",
                "held_on": "2023-03-10",
                "expected": None,
                "present": None,
                "auxiliaries": None,
            },
            {"name": "党员大会部署创建工作", "held_on": "2023-03-16", "expected": 23, "present": 22, "auxiliaries": 12},
        ],
        "assessment": assessment(rubric_code, remark),
        "evidence": [
            {
                "criterion": f"{rubric_code}-A{number % 3 + 1}",
                "name": f"主题党日活动照片（{number}月）.jpg",
                "sha256": f"{number:064x}"[::-1],
            }
            for number in range(1, files + 1)
        ],
    }
    return json.loads(json.dumps({**made, **changes}, ensure_ascii=False))


def empty():
    """A branch that filled in nothing: everything is 无."""
    made = content(plan=[], tasks=[], evidence=[], remark="")
    for field in made["fields"]:
        field["value"] = ""
    made["branch"].update(
        parent="", line="无", founded_on=None, term_ends_on=None, solid="无", secretary=None, committee=[]
    )
    return made


def full():
    """As long as a form may get: 1500 characters in every text, 30 rows of plan, all items of R2 with long remarks."""
    made = content(rubric_code="R2", plan_rows=30, files=40, remark=SENTENCE)
    made["campaign"]["name"] = "党建工作示范点暨“四强”党支部创建活动"
    made["track"]["award"], made["road"] = "党建工作示范点", "上报"
    for field in made["fields"]:
        if field["kind"] == "text":
            field["value"] = (SENTENCE * 40)[:1500]
    return made


def snapshot(made=None, *, number=1, application=7):
    made = made or content()
    return Snapshot(
        application_id=application,
        number=number,
        receipt_number=f"{made['campaign']['code']}-{application:06d}-{number}",
        content=made,
        hash=snapshots.digest(made),
        created_at=datetime.datetime(2023, 4, 18, 9, 30, tzinfo=ZoneInfo("Asia/Shanghai")),
    )
