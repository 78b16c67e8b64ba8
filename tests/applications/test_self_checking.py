"""自查 through its services: repeatable, never counted, one at a time, taken over only where it was asked for."""

from decimal import Decimal

import pytest
from django.core.exceptions import ValidationError

from applications.models import Application, SelfCheck, SelfCheckItem
from applications.services import preparing, self_checking
from applications.states import SELF_CHECKING, Status
from branches.models import AuditEntry
from tests import factories


@pytest.fixture
def leaves(tiny_application):
    return {leaf.code: leaf for leaf in tiny_application.track.rubric.leaves_for(tiny_application.branch.line)}


@pytest.fixture
def check(tiny_application, cast):
    return self_checking.start_self_check(tiny_application, note="逐条自查", by=cast.clerk)


def save(check, leaf, *, by, **given):
    given = {"answer": {}, "remark": "", "verdict": "met", "version": 0, **given}
    return self_checking.save_item(check, leaf, by=by, **given)


def code_of(act, *args, **kwargs):
    with pytest.raises(ValidationError) as refusal:
        act(*args, **kwargs)
    return refusal.value.code


def actions():
    return list(AuditEntry.objects.order_by("seq").values_list("action", flat=True))


def test_self_checks_are_numbered_and_only_one_is_open(tiny_application, check, leaves, cast):
    assert (check.number, check.rubric_id, check.note) == (1, tiny_application.track.rubric_id, "逐条自查")
    assert code_of(self_checking.start_self_check, tiny_application, by=cast.secretary) == "open_check"
    save(check, leaves["A1"], by=cast.clerk)
    self_checking.finish_self_check(check, by=cast.secretary)
    assert self_checking.start_self_check(tiny_application, by=cast.clerk).number == 2


def test_an_item_is_saved_and_replaced_but_no_score_is_touched(tiny_application, check, leaves, cast):
    first = save(check, leaves["A1"], answer={"points": "20"}, remark="做到了", by=cast.clerk)
    again = save(check, leaves["A1"], answer={"points": "10"}, verdict="gap", version=first.version, by=cast.secretary)
    item = check.items.get()
    assert (item.version, item.points, item.verdict, item.updated_by) == (2, Decimal(10), "gap", cast.secretary)
    assert again.pk == item.pk
    tiny_application.refresh_from_db()
    assert (tiny_application.self_score, tiny_application.assessments.count()) == (None, 0)
    assert actions()[-2:] == ["self_check.save", "self_check.save"]


def test_a_stale_page_writes_nothing(check, leaves, cast):
    save(check, leaves["A1"], answer={"points": "20"}, by=cast.clerk)
    assert code_of(save, check, leaves["A1"], answer={"points": "30"}, by=cast.secretary) == "stale"
    assert check.items.get().points == Decimal(20)


@pytest.mark.parametrize(
    ("given", "code"),
    [({"answer": {"points": "31"}}, "out_of_range"), ({"answer": {"points": "x"}}, "not_a_number"), ({"verdict": "good"}, "bad_verdict")],
)  # fmt: skip
def test_what_makes_no_sense_is_refused(check, leaves, cast, given, code):
    assert code_of(save, check, leaves["A1"], by=cast.clerk, **given) == code
    assert not check.items.exists()


def test_a_criterion_of_another_standard_is_refused(check, cast):
    foreign = factories.wide_rubric().leaves_for("")[0]
    assert code_of(save, check, foreign, by=cast.clerk) == "foreign_criterion"


@pytest.mark.parametrize("status", list(Status))
def test_when_a_branch_may_examine_itself(tiny_application, cast, status):
    Application.objects.filter(pk=tiny_application.pk).update(status=status)
    if status in SELF_CHECKING:
        assert self_checking.start_self_check(tiny_application, by=cast.clerk).number == 1
    else:
        assert status == Status.VETOED
        assert code_of(self_checking.start_self_check, tiny_application, by=cast.clerk) == "conflict"


def test_it_goes_on_while_the_application_is_reviewed(tiny_application, check, leaves, cast):
    Application.objects.filter(pk=tiny_application.pk).update(status=Status.IN_REVIEW)
    assert save(check, leaves["A1"], by=cast.clerk).verdict == "met"


def test_finished_is_a_record(check, leaves, cast):
    assert code_of(self_checking.finish_self_check, check, by=cast.clerk) == "empty_check"
    save(check, leaves["A1"], by=cast.clerk)
    save(check, leaves["A2"], verdict="gap", by=cast.clerk)
    self_checking.finish_self_check(check, by=cast.secretary)
    entry = AuditEntry.objects.order_by("-seq").first()
    assert (entry.action, entry.changes) == ("self_check.finish", {"number": 1, "met": 1, "gaps": 1})
    assert code_of(save, check, leaves["A3"], by=cast.clerk) == "finished"
    # A page that was left open presses the button once more.
    stale = SelfCheck.objects.get(pk=check.pk)
    stale.finished_at = None
    assert code_of(self_checking.finish_self_check, stale, by=cast.clerk) == "finished"


def test_only_an_untouched_one_can_be_taken_back(tiny_application, check, leaves, cast):
    self_checking.discard_self_check(check, by=cast.clerk)
    assert not tiny_application.self_checks.exists()
    assert code_of(save, check, leaves["A1"], by=cast.clerk) == "gone"
    again = self_checking.start_self_check(tiny_application, by=cast.clerk)
    save(again, leaves["A1"], by=cast.clerk)
    assert code_of(self_checking.discard_self_check, again, by=cast.clerk) == "not_empty"


def test_the_next_one_can_go_on_from_the_last(tiny_application, check, leaves, cast):
    save(check, leaves["A1"], answer={"points": "20"}, remark="尚缺两次", verdict="gap", by=cast.clerk)
    self_checking.finish_self_check(check, by=cast.clerk)
    fresh = self_checking.start_self_check(tiny_application, carry=True, by=cast.clerk)
    item = fresh.items.get()
    assert (item.points, item.remark, item.verdict, item.updated_by) == (Decimal(20), "尚缺两次", "gap", None)
    # Nobody has worked at it: it can still be taken back.
    self_checking.discard_self_check(fresh, by=cast.clerk)
    assert SelfCheckItem.objects.count() == 1


# Into the self-assessment


def test_all_that_is_still_blank_is_taken_over(tiny_application, check, leaves, cast):
    preparing.save_answer(
        tiny_application, leaves["A1"], answer={"points": "30"}, remark="自评", version=0, by=cast.clerk
    )
    save(check, leaves["A1"], answer={"points": "12"}, by=cast.clerk)
    save(check, leaves["A5"], answer={"met": True}, remark="齐全", by=cast.clerk)
    save(check, leaves["A7"], by=cast.clerk)  # a conclusion alone says nothing to the self-assessment
    assert self_checking.copy_to_assessment(check, by=cast.secretary) == 1
    answers = {answer.criterion.code: (answer.points, answer.remark) for answer in tiny_application.assessments.all()}
    assert answers == {"A1": (Decimal(30), "自评"), "A5": (Decimal(10), "齐全")}
    tiny_application.refresh_from_db()
    assert tiny_application.self_score == Decimal(40)
    entry = AuditEntry.objects.order_by("-seq").first()
    assert (entry.action, entry.changes["answers"]) == ("assessment.copy", {"A5": [None, "10.00"]})


def test_what_stands_is_replaced_only_as_it_was_shown(tiny_application, check, leaves, cast):
    standing, _ = preparing.save_answer(
        tiny_application, leaves["A1"], answer={"points": "30"}, remark="", version=0, by=cast.clerk
    )
    save(check, leaves["A1"], answer={"points": "12"}, by=cast.clerk)
    save(check, leaves["A5"], answer={"met": True}, by=cast.clerk)
    chosen = {leaves["A5"].pk: 0, leaves["A1"].pk: standing.version}
    preparing.save_answer(
        tiny_application, leaves["A1"], answer={"points": "29"}, remark="", version=1, by=cast.secretary
    )
    assert code_of(self_checking.copy_to_assessment, check, chosen, by=cast.clerk) == "stale"
    assert [answer.points for answer in tiny_application.assessments.all()] == [Decimal(29)]
    assert self_checking.copy_to_assessment(check, {**chosen, leaves["A1"].pk: 2}, by=cast.clerk) == 2
    assert tiny_application.assessments.get(criterion=leaves["A1"]).points == Decimal(12)


def test_nothing_is_taken_over_once_submitted_or_by_another_standard(tiny_application, check, leaves, cast):
    assert code_of(self_checking.copy_to_assessment, check, by=cast.clerk) == "nothing"
    save(check, leaves["A5"], answer={"met": True}, by=cast.clerk)
    Application.objects.filter(pk=tiny_application.pk).update(status=Status.SUBMITTED)
    assert code_of(self_checking.copy_to_assessment, check, by=cast.clerk) == "conflict"
    Application.objects.filter(pk=tiny_application.pk).update(status=Status.PREPARING)
    newer = factories.wide_rubric()
    check.application.track.rubric = newer
    assert code_of(self_checking.copy_to_assessment, check, by=cast.clerk) == "superseded"
    type(tiny_application.track).objects.filter(pk=tiny_application.track_id).update(rubric=newer)
    assert code_of(self_checking.copy_to_assessment, check, by=cast.clerk) == "nothing"
    assert not tiny_application.assessments.exists()
