"""整改 through its services: the whole way of an entry, by two people, and every race on it."""

import pytest
from django.core.exceptions import ValidationError
from django.db import IntegrityError, transaction

from applications.models import Application, CheckDecision, Evidence, Rectification
from applications.services import rectifying, self_checking
from applications.states import Status
from branches.models import AuditEntry, Notice
from standards.models import Track
from tests import factories

TAGS = ["两张皮", "弱化"]
WORDS = {"cause": "没有计划", "measure": "列入月计划", "responsible": "支委B", "criterion": None}


@pytest.fixture
def application(tiny_application):
    Track.objects.filter(pk=tiny_application.track_id).update(problem_tags=TAGS)
    return Application.objects.for_work().get(pk=tiny_application.pk)


@pytest.fixture
def entry(application, cast):
    return rectifying.open_rectification(
        application, gap="党课少一次", tags=["弱化"], due_on=factories.days(3), by=cast.clerk, **WORDS
    )


def done(entry, by, **given):
    given = {"done_on": factories.days(0), "outcome": "已补开", "version": entry.version, **given}
    return rectifying.finish_rectification(entry, by=by, **given)


def code_of(act, *args, **kwargs):
    with pytest.raises(ValidationError) as refusal:
        act(*args, **kwargs)
    return refusal.value.code


def last():
    return AuditEntry.objects.order_by("-seq").first()


def edit(entry, **given):
    words = {**WORDS, "gap": entry.gap, "tags": ["弱化"], "due_on": entry.due_on, "version": entry.version, **given}
    return rectifying.edit_rectification(entry, **words)


def test_the_whole_way_by_two_people(application, entry, cast):
    proof = Evidence.objects.create(
        branch=application.branch, sha256="a" * 64, name="签到.pdf", content_type="application/pdf", size=1,
        uploaded_by=cast.clerk,
    )  # fmt: skip
    finished = done(entry, cast.clerk, proofs=[proof])
    assert (finished.state, finished.done_by, list(finished.proofs.all())) == ("done", cast.clerk, [proof])
    closed = rectifying.review_rectification(finished, remark="属实", version=2, by=cast.secretary)
    assert (closed.state, closed.reviewed_by, closed.review_remark, closed.version) == (
        "reviewed", cast.secretary, "属实", 3,
    )  # fmt: skip
    assert list(AuditEntry.objects.filter(action__startswith="rectification.").order_by("seq").values_list("action", flat=True)) == [
        "rectification.open", "rectification.finish", "rectification.review"
    ]  # fmt: skip


def test_who_did_it_never_reviews_it(entry, cast):
    finished = done(entry, cast.secretary)
    assert code_of(rectifying.review_rectification, finished, version=2, by=cast.secretary) == "same_person"
    assert rectifying.review_rectification(finished, version=2, by=cast.committee_clerk).state == "reviewed"


def test_the_database_says_the_same(entry, cast):
    done(entry, cast.clerk)
    with pytest.raises(IntegrityError), transaction.atomic():
        Rectification.objects.filter(pk=entry.pk).update(state="reviewed", reviewed_by=cast.clerk)


def test_sent_back_it_is_open_again_and_the_branch_is_told(entry, cast):
    finished = done(entry, cast.clerk)
    assert (
        code_of(rectifying.send_back_rectification, finished, remark=" ", version=2, by=cast.secretary) == "no_reason"
    )
    back = rectifying.send_back_rectification(finished, remark="还缺签到", version=2, by=cast.committee_head)
    assert (back.state, back.done_by, back.done_on, back.sent_back, back.outcome) == (
        "open",
        None,
        None,
        True,
        "已补开",
    )
    told = Notice.objects.filter(kind="rectification.sent_back")
    assert {(notice.recipient, notice.body) for notice in told} == {
        (cast.secretary, "还缺签到"),
        (cast.clerk, "还缺签到"),
    }
    # Whoever sent it back may put it right: a third person has the last word then.
    again = done(back, cast.committee_head)
    assert (again.reviewed_by, again.review_remark) == (None, "")


@pytest.mark.parametrize(
    ("given", "code"),
    [({"outcome": " "}, "no_outcome"), ({"done_on": factories.days(1)}, "future"), ({"version": 7}, "stale")],
)
def test_what_cannot_be_done(entry, cast, given, code):
    assert code_of(done, entry, cast.clerk, **given) == code
    entry.refresh_from_db()
    assert entry.state == "open"


def test_done_needs_cause_measure_person_and_date(application, cast):
    bare = rectifying.open_rectification(application, gap="只有差距", by=cast.clerk)
    with pytest.raises(ValidationError, match="原因、整改措施、责任人、时限"):
        done(bare, cast.clerk)


def test_proofs_come_from_the_own_library(entry, cast, bureau):
    foreign = Evidence.objects.create(
        branch=bureau.b1, sha256="b" * 64, name="x", content_type="image/png", size=1, uploaded_by=cast.secretary_b1
    )
    assert code_of(done, entry, cast.clerk, proofs=[foreign]) == "foreign_evidence"


def test_editing_says_what_changed(entry, cast):
    changed = edit(entry, gap="党课少两次", tags=["两张皮"], by=cast.secretary)
    assert (changed.gap, changed.tag_names, changed.version) == ("党课少两次", ["两张皮"], 2)
    assert last().changes == {"gap": ["党课少一次", "党课少两次"], "tags": [["弱化"], ["两张皮"]]}


def test_of_two_pages_the_second_is_told(entry, cast):
    stale = Rectification.objects.get(pk=entry.pk)
    edit(entry, gap="先存的", by=cast.clerk)
    assert code_of(edit, stale, gap="后存的", by=cast.secretary) == "stale"
    done(Rectification.objects.get(pk=entry.pk), cast.clerk)
    assert code_of(edit, stale, gap="后存的", by=cast.secretary) == "conflict"
    assert code_of(rectifying.delete_rectification, stale, version=1, by=cast.secretary) == "conflict"
    assert Rectification.objects.get().gap == "先存的"


def test_an_open_entry_can_be_deleted_and_the_log_keeps_it(entry, cast):
    pk = entry.pk
    rectifying.delete_rectification(entry, version=1, by=cast.clerk)
    assert not Rectification.objects.exists()
    assert (last().action, last().changes["gap"], last().changes["tags"]) == (
        "rectification.delete",
        "党课少一次",
        ["弱化"],
    )
    gone = Rectification(pk=pk, application=entry.application)
    assert code_of(rectifying.review_rectification, gone, version=1, by=cast.secretary) == "gone"


def test_the_same_gap_put_down_twice_is_one_entry(application, entry, cast):
    again = rectifying.open_rectification(application, gap=" 党课少一次 ", tags=["弱化"], by=cast.secretary)
    assert again.pk == entry.pk
    done(entry, cast.clerk)
    assert rectifying.open_rectification(application, gap="党课少一次", by=cast.clerk).pk != entry.pk


@pytest.mark.parametrize(
    ("given", "code"),
    [({"gap": " "}, "no_gap"), ({"tags": ["懒散"]}, "foreign_tag"), ({"criterion": "wide"}, "foreign_criterion")],
)
def test_what_cannot_be_put_down(application, cast, given, code):
    if "criterion" in given:
        given = {"criterion": factories.wide_rubric().leaves_for("")[0]}
    assert code_of(rectifying.open_rectification, application, **{"gap": "差距", **given}, by=cast.clerk) == code


def test_nothing_moves_once_the_branch_is_vetoed(application, entry, cast):
    Application.objects.filter(pk=application.pk).update(status=Status.VETOED)
    assert code_of(done, entry, cast.clerk) == "conflict"
    assert code_of(rectifying.open_rectification, application, gap="差距", by=cast.clerk) == "conflict"


# From a self-check, and from a return


def test_every_gap_of_a_self_check_goes_on_the_ledger_once(application, cast):
    check = self_checking.start_self_check(application, by=cast.clerk)
    leaves = {leaf.code: leaf for leaf in application.track.rubric.leaves_for("")}
    for code, verdict, remark in (("A2", "gap", ""), ("A1", "gap", "缺三次"), ("A3", "met", "")):
        self_checking.save_item(
            check, leaves[code], answer={}, remark=remark, verdict=verdict, version=0, by=cast.clerk
        )
    assert (rectifying.open_for_gaps(check, by=cast.clerk), rectifying.open_for_gaps(check, by=cast.clerk)) == (2, 0)
    entries = check.rectifications.order_by("pk")
    assert [(entry.criterion.code, entry.gap, entry.source) for entry in entries] == [
        ("A1", "缺三次", "self_check"), ("A2", "“等次”未达到标准", "self_check")
    ]  # fmt: skip
    assert code_of(self_checking.discard_self_check, check, by=cast.clerk) == "not_empty"


def returned(application, cast, items):
    decision = CheckDecision.objects.create(
        application=application, outcome="returned", reason="请补充", due_on=factories.days(9), items=items,
        decided_by=cast.committee_clerk,
    )  # fmt: skip
    decision.application = application
    return decision


def test_a_return_goes_on_the_ledger_remark_by_remark(application, cast):
    decision = returned(
        application, cast,
        [{"code": "A1", "title": "打分", "remark": "缺台账", "self": "30", "checked": "20"}, {"code": "Z9", "remark": "旧指标"},
         {"code": "A2", "remark": ""}],
    )  # fmt: skip
    assert (
        rectifying.open_from_return(decision, by=cast.clerk),
        rectifying.open_from_return(decision, by=cast.clerk),
    ) == (2, 0)
    entries = application.rectifications.order_by("pk")
    assert [(e.criterion and e.criterion.code, e.gap, e.source, e.due_on) for e in entries] == [
        ("A1", "缺台账", "return", factories.days(9)), (None, "旧指标", "return", factories.days(9)),
    ]  # fmt: skip


def test_a_return_without_remarks_gives_its_reason(application, cast):
    decision = returned(application, cast, [])
    assert rectifying.open_from_return(decision, by=cast.clerk) == 1
    assert application.rectifications.get().gap == "请补充"
