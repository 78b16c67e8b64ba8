"""Writes on a draft rubric: what is saved, what is refused, and what happens when two people are at it."""

import threading
from decimal import Decimal

import pytest
from django.core.exceptions import ValidationError
from django.db import connection

from branches.models import AuditEntry
from standards import soundness
from standards.models import Criterion, Rubric
from standards.services import editing, outlining, rubrics
from tests import factories


@pytest.fixture
def rubric(db):
    return factories.draft_outline()


def of(rubric, code):
    return rubric.criteria.get(code=code)


def refused(call, *args, **kwargs):
    with pytest.raises(ValidationError) as caught:
        call(*args, **kwargs)
    return [error.code for error in caught.value.error_list] if not hasattr(caught.value, "error_dict") else {
        field: [error.code for error in errors] for field, errors in caught.value.error_dict.items()
    }  # fmt: skip


def outline(rubric):
    """Codes in reading order, each with its level."""
    return [(each.level, each.code) for each in Rubric.objects.get(pk=rubric.pk).outline]


def orders(rubric):
    return list(rubric.criteria.order_by("order").values_list("order", flat=True))


def save(criterion, *, by, version=1, rules=(), **fields):
    return editing.save_criterion(criterion, fields=fields, rules=rules, version=version, by=by)


WHOLE = [
    (1, "A"), (2, "A1"), (3, "A1-1"), (3, "A1-2"), (2, "A2"), (3, "A2-1"), (3, "A2-2"), (1, "B"), (2, "B1"), (2, "B2"),
]  # fmt: skip


# One criterion


def test_save_criterion_writes_counts_and_records(rubric, admin):
    saved = save(of(rubric, "A1-1"), by=admin, title="班子配齐", max_points=Decimal("9.5"))
    rubric.refresh_from_db()
    assert (saved.title, saved.max_points, saved.version, rubric.revision) == ("班子配齐", Decimal("9.5"), 2, 1)
    entry = AuditEntry.objects.get(action="criterion.save")
    assert (entry.actor, entry.changes) == (admin, {"title": ["班子配备", "班子配齐"], "max_points": ["10", "9.5"]})


def test_save_criterion_that_changes_nothing_counts_nothing(rubric, admin):
    saved = save(of(rubric, "A1-1"), by=admin, title="班子配备")
    rubric.refresh_from_db()
    assert (saved.version, rubric.revision, AuditEntry.objects.count()) == (1, 0, 0)


def test_save_criterion_refuses_an_older_version(rubric, admin):
    save(of(rubric, "A1-1"), by=admin, title="第一稿")
    assert refused(save, of(rubric, "A1-1"), by=admin, title="第二稿") == ["stale"]
    assert of(rubric, "A1-1").title == "第一稿"


def test_save_criterion_refuses_a_code_that_is_taken(rubric, admin):
    assert refused(save, of(rubric, "A1-1"), by=admin, code="B1") == {"code": ["duplicate_code"]}
    assert of(rubric, "A1-1").title == "班子配备"


def test_save_criterion_refuses_what_was_deleted(rubric, admin):
    gone = of(rubric, "A1-1")
    outlining.delete_criterion(of(rubric, "A1-1"), by=admin)
    assert refused(save, gone, by=admin, title="新") == ["gone"]


def test_save_criterion_keeps_adds_and_removes_rules(rubric, admin):
    good, fair = of(rubric, "A1-2").rules.all()
    saved = save(
        of(rubric, "A1-2"), by=admin,
        rules=[{"pk": good.pk, "label": "优秀", "points": Decimal(20)}, {"label": "一般", "points": Decimal(8)}],
    )  # fmt: skip
    first, second = saved.rules.all()
    assert (first.pk, first.label, second.label, second.points) == (good.pk, "优秀", "一般", Decimal(8))
    assert not type(fair).objects.filter(pk=fair.pk).exists()
    assert AuditEntry.objects.get().changes == {"rules": ["优秀（20分）", "一般（8分）"]}


def test_save_criterion_takes_no_rule_of_another_criterion(rubric, admin):
    foreign = of(rubric, "B1").rules.get()
    save(of(rubric, "A1-2"), by=admin, rules=[{"pk": foreign.pk, "label": "好", "points": Decimal(20)}])
    foreign.refresh_from_db()
    assert (foreign.label, foreign.criterion.code) == ("每次", "B1")


def test_save_criterion_may_leave_the_draft_unsound(rubric, admin):
    save(of(rubric, "A1-1"), by=admin, max_points=Decimal(7))
    texts = [str(problem) for problem in soundness.problems(Rubric.objects.get(pk=rubric.pk))]
    assert texts == [
        "A：下级合计57分，与本级分值60分不符。",
        "A1：下级合计27分，与本级分值30分不符。",
        "：各维度合计97分，与总分100分不符。".lstrip("："),
    ]


# The head, points


def test_save_rubric_changes_the_head(rubric, admin):
    editing.save_rubric(
        rubric, fields={"name": "新名称", "total_points": Decimal(110)}, mark=editing.head_mark(rubric), by=admin
    )
    assert (rubric.name, rubric.total_points, rubric.revision) == ("新名称", Decimal(110), 1)
    assert AuditEntry.objects.get(action="rubric.save").changes == {
        "name": ["三级标准", "新名称"], "total_points": ["100", "110"],
    }  # fmt: skip


def test_save_rubric_refuses_an_older_head(rubric, admin):
    mark = editing.head_mark(rubric)
    editing.save_rubric(rubric, fields={"name": "新名称"}, mark=mark, by=admin)
    assert refused(editing.save_rubric, rubric, fields={"name": "另一名称"}, mark=mark, by=admin) == ["stale"]


def test_move_points_takes_and_gives(rubric, admin):
    giver, taker = of(rubric, "A1-2"), of(rubric, "A1-1")
    editing.move_points(rubric, giver=giver, taker=taker, points=Decimal("2.5"), by=admin)
    giver.refresh_from_db()
    taker.refresh_from_db()
    assert (giver.max_points, taker.max_points) == (Decimal("17.5"), Decimal("12.5"))
    assert (giver.version, taker.version) == (2, 2)


@pytest.mark.parametrize(
    ("taker", "points", "code"), [("A1-2", 21, "not_enough"), ("A1-2", 0, "not_positive"), ("A1-1", 1, "same")]
)
def test_move_points_refuses(rubric, admin, taker, points, code):
    giver = of(rubric, "A1-1")
    found = refused(editing.move_points, rubric, giver=giver, taker=of(rubric, taker), points=Decimal(points), by=admin)
    assert (found, of(rubric, "A1-1").max_points) == ([code], Decimal(10))


# The outline


def test_add_criterion_stands_after_its_neighbour_under_the_next_code(rubric, admin):
    made = outlining.add_criterion(rubric, after=of(rubric, "A1-1"), by=admin)
    assert made.code == "A1-3"  # A1-2 is taken
    assert outline(rubric)[2:5] == [(3, "A1-1"), (3, "A1-3"), (3, "A1-2")]
    assert orders(rubric) == list(range(1, 12))


@pytest.mark.parametrize(("parent", "code", "level"), [(None, "C", 1), ("A2", "A2-3", 3), ("B2", "B2-1", 3)])
def test_add_criterion_last_below(rubric, admin, parent, code, level):
    made = outlining.add_criterion(rubric, parent=parent and of(rubric, parent), by=admin)
    assert (level, made.code) in outline(rubric)
    assert made.parent == (parent and of(rubric, parent))
    assert made.code == ("B-1" if parent is None else code)


def test_what_gets_something_below_it_becomes_a_group(rubric, admin):
    outlining.add_criterion(rubric, parent=of(rubric, "B1"), by=admin)
    assert (of(rubric, "B1").kind, of(rubric, "B1").max_points) == ("group", Decimal(40))


def test_add_criterion_refuses_a_fourth_level(rubric, admin):
    assert refused(outlining.add_criterion, rubric, parent=of(rubric, "A1-1"), by=admin) == ["too_deep"]
    assert outline(rubric) == WHOLE


def test_delete_criterion_takes_what_is_below_and_restore_brings_all_back(rubric, admin):
    before = rubrics.content_hash(Rubric.objects.get(pk=rubric.pk))
    kept = outlining.delete_criterion(of(rubric, "A1"), by=admin)
    assert outline(rubric) == [(1, "A"), (2, "A2"), (3, "A2-1"), (3, "A2-2"), (1, "B"), (2, "B1"), (2, "B2")]
    assert orders(rubric) == list(range(1, 8))
    outlining.restore_criterion(rubric, kept, by=admin)
    assert (outline(rubric), orders(rubric)) == (WHOLE, list(range(1, 11)))
    assert rubrics.content_hash(Rubric.objects.get(pk=rubric.pk)) == before


def test_restore_keeps_the_keys_and_a_second_click_adds_nothing(rubric, admin):
    before = set(rubric.criteria.values_list("pk", "code"))
    kept = outlining.delete_criterion(of(rubric, "A1"), by=admin)
    outlining.restore_criterion(rubric, kept, by=admin)
    assert refused(outlining.restore_criterion, rubric, kept, by=admin) == ["restored"]
    assert set(rubric.criteria.values_list("pk", "code")) == before


def test_restore_does_not_make_the_outline_too_deep(rubric, admin):
    kept = outlining.delete_criterion(of(rubric, "B1"), by=admin)
    outlining.move_criterion(of(rubric, "B2"), parent=None, position=0, by=admin)
    outlining.move_criterion(of(rubric, "B"), parent=of(rubric, "A1"), position=0, by=admin)
    assert refused(outlining.restore_criterion, rubric, kept, by=admin) == ["too_deep"]


def test_restore_finds_another_code_and_place_when_its_own_are_gone(rubric, admin):
    kept = outlining.delete_criterion(of(rubric, "B1"), by=admin)
    save(of(rubric, "B2"), by=admin, code="B1")
    outlining.delete_criterion(of(rubric, "B"), by=admin)
    assert outlining.restore_criterion(rubric, kept, by=admin).code == "B1"
    assert outline(rubric)[-1] == (3, "A2-2")
    assert outline(rubric)[0] == (1, "B1")


def test_delete_criterion_refuses_a_page_that_is_behind(rubric, admin):
    save(of(rubric, "A1-1"), by=admin, title="新")
    assert refused(outlining.delete_criterion, of(rubric, "A1"), revision=0, by=admin) == ["stale"]
    outlining.delete_criterion(of(rubric, "A1"), revision=1, by=admin)


def test_duplicate_criterion_copies_the_subtree_under_new_codes(rubric, admin):
    made = outlining.duplicate_criterion(of(rubric, "A1"), by=admin)
    assert outline(rubric)[4:7] == [(2, "A3"), (3, "A1-3"), (3, "A1-4")]
    assert (made.title, made.max_points) == ("班子建设", Decimal(30))
    copied = of(rubric, "A1-4")
    assert [(rule.label, rule.points) for rule in copied.rules.all()] == [("好", Decimal(20)), ("较好", Decimal(15))]


@pytest.mark.parametrize(
    ("code", "to", "expected"),
    [
        ("A2", "up", [(1, "A"), (2, "A2"), (3, "A2-1"), (3, "A2-2"), (2, "A1"), (3, "A1-1"), (3, "A1-2"), *WHOLE[7:]]),
        ("A", "down", [*WHOLE[7:], *WHOLE[:7]]),
        ("A1-2", "out", [*WHOLE[:3], (2, "A1-2"), *WHOLE[4:]]),
        ("A2-2", "in", [*WHOLE[:6], (4, "A2-2"), *WHOLE[7:]]),
        ("B2", "in", [*WHOLE[:9], (3, "B2")]),
    ],
)
def test_shift_criterion(rubric, admin, code, to, expected):
    if (4, code) in expected:
        assert refused(outlining.shift_criterion, of(rubric, code), to=to, by=admin) == ["too_deep"]
        expected = WHOLE
    else:
        outlining.shift_criterion(of(rubric, code), to=to, by=admin)
    assert (outline(rubric), orders(rubric)) == (expected, list(range(1, 11)))


@pytest.mark.parametrize(("code", "to"), [("A", "up"), ("B", "down"), ("A", "in"), ("B", "out"), ("B", "sideways")])
def test_shift_criterion_refuses_where_there_is_no_step(rubric, admin, code, to):
    assert refused(outlining.shift_criterion, of(rubric, code), to=to, by=admin) == ["edge"]
    assert outline(rubric) == WHOLE


def test_move_criterion_to_another_parent(rubric, admin):
    outlining.move_criterion(of(rubric, "A2-1"), parent=of(rubric, "A1"), position=1, revision=0, by=admin)
    assert outline(rubric)[1:6] == [(2, "A1"), (3, "A1-1"), (3, "A2-1"), (3, "A1-2"), (2, "A2")]
    assert AuditEntry.objects.get(action="criterion.move").changes == {"parent": ["A2", "A1"], "place": 2}


@pytest.mark.parametrize(
    ("code", "parent", "expected"),
    [("A", "A1", "cycle"), ("A", "A", "cycle"), ("A", "B", "too_deep"), ("A1", "A2", "too_deep")],
)
def test_move_criterion_refuses(rubric, admin, code, parent, expected):
    found = refused(outlining.move_criterion, of(rubric, code), parent=of(rubric, parent), position=0, by=admin)
    # A with two levels below it fits below B only as far as three levels go.
    assert (found, outline(rubric)) == ([expected], WHOLE)


# Published, two people


def test_nothing_of_a_published_rubric_is_changed(rubric, admin):
    leaf, top = of(rubric, "A1-1"), of(rubric, "B")
    mark = editing.head_mark(rubric)
    rubrics.publish_rubric(rubric, by=admin)
    assert [
        refused(save, leaf, by=admin, title="改"),
        refused(editing.save_rubric, rubric, fields={"name": "改"}, mark=mark, by=admin),
        refused(editing.move_points, rubric, giver=leaf, taker=top, points=Decimal(1), by=admin),
        refused(outlining.add_criterion, rubric, by=admin),
        refused(outlining.delete_criterion, leaf, by=admin),
        refused(outlining.duplicate_criterion, leaf, by=admin),
        refused(outlining.shift_criterion, leaf, to="down", by=admin),
        refused(outlining.move_criterion, leaf, parent=None, position=0, by=admin),
    ] == [["not_draft"]] * 8
    assert outline(rubric) == WHOLE


@pytest.mark.services
@pytest.mark.django_db(transaction=True)
def test_parallel_saves_and_moves_lose_nothing_on_postgresql(pg_only, cast):
    rubric = factories.draft_outline()
    leaf, outcomes, gate = of(rubric, "A1-1"), [], threading.Barrier(8)

    def at_work(number):
        gate.wait()
        try:
            if number % 2:
                save(leaf, by=cast.campaign_admin, title=f"稿{number}")
            else:
                outlining.add_criterion(rubric, parent=of(rubric, "A2"), by=cast.campaign_admin)
            outcomes.append("done")
        except ValidationError as refusal:
            outcomes.append(refusal.code)
        finally:
            connection.close()

    threads = [threading.Thread(target=at_work, args=(number,)) for number in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    rubric.refresh_from_db()
    assert sorted(outcomes) == ["done"] * 5 + ["stale"] * 3
    assert (rubric.revision, Criterion.objects.filter(rubric=rubric).count()) == (5, 14)
    assert orders(rubric) == list(range(1, 15))
