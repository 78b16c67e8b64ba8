import pytest

from branches.models import Notice
from branches.reminding import remind
from reviews import obligations
from reviews.models import Conflict, PresentationSlot


def owed(user=None):
    return [(todo.user_id, todo.about, todo.title) for todo in obligations.scores(user)]


def test_one_line_per_person_and_panel(scored, applications):
    for code in ("A-1", "A-2"):
        scored.visit(scored.candidate(applications[code]), "80", None)
    first, second = scored.people["visit"]
    about = f"panel:{scored.panels['visit'].pk}"
    assert owed() == [(second.pk, about, "还有2份评分未提交")]
    assert (owed(first), owed(second)) == ([], [(second.pk, about, "还有2份评分未提交")])


def test_conflicts_and_finished_reviews_owe_nothing(scored, applications, road):
    candidate = scored.candidate(applications["A-1"])
    review = scored.visit(candidate, None)[0]
    Conflict.objects.create(application=candidate, user=review.reviewer, reason="declared")
    assert owed() == []
    Conflict.objects.all().delete()
    road.veto(candidate)
    assert owed() == []


def test_presentations_are_owed_while_on_stage(scored, applications):
    review = scored.present(scored.candidate(applications["A-1"]), None, closed=False)[0]
    assert len(owed(review.reviewer)) == 1
    PresentationSlot.objects.update(opened_at=None)
    assert owed(review.reviewer) == []


@pytest.mark.parametrize("rows", [1, 3])
def test_queries_do_not_grow(scored, applications, django_assert_num_queries, rows):
    for code in ("A-1", "A-2", "B-1")[:rows]:
        scored.visit(scored.candidate(applications[code]), "80", None)
    with django_assert_num_queries(13):
        list(obligations.owed())


def test_reminders_are_written_once_a_day(scored, applications):
    scored.track.stages.filter(kind="onsite").update(closes_on=__import__("datetime").date.today())
    scored.visit(scored.candidate(applications["A-1"]), None)
    remind(obligations.owed())
    remind(obligations.owed())
    assert Notice.objects.filter(kind="remind.score").count() == 1
