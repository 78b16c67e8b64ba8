import datetime

import pytest
from django.utils import timezone

from branches import reminding, todo
from branches.models import Notice, RoleGrant
from branches.roles import BRANCH_ROLES, Role
from branches.todo import Todo
from tests.factories import days


def end_of(number):
    """The closing instant of today plus so many days: the midnight after it."""
    midnight = datetime.datetime.combine(days(number + 1), datetime.time.min)
    return timezone.make_aware(midnight)


def owed(bureau, number, **fields):
    asked = {"kind": "submit", "about": "campaign:1", "title": "提交申报", "url": "/x/", "branch": bureau.a1}
    return Todo(**{**asked, "roles": BRANCH_ROLES, "due": end_of(number), **fields})


@pytest.mark.parametrize(
    ("number", "text"),
    [
        (8, None),
        (7, "还有7天截止"),
        (5, None),
        (3, "还有3天截止"),
        (1, "还有1天截止"),
        (0, "今天截止"),
        (-1, "已逾期1天"),
        (-2, None),
    ],
)
def test_remind_on_its_days_only(cast, bureau, number, text):
    reminding.remind([owed(bureau, number)])
    titles = list(cast.clerk.notices.values_list("title", flat=True))
    assert titles == ([f"提交申报：{text}"] if text else [])


def test_remind_reaches_the_holders_of_the_branch_once(cast, bureau):
    todos = [owed(bureau, 3)]
    assert (reminding.remind(todos), reminding.remind(todos)) == (2, 2)
    assert set(Notice.objects.values_list("recipient", flat=True)) == {cast.secretary.pk, cast.clerk.pk}
    assert Notice.objects.count() == 2


def test_remind_gathers_what_falls_together(cast, bureau):
    reminding.remind([owed(bureau, 3), owed(bureau, 1, title="提交另一份", url="/y/")])
    notice = cast.clerk.notices.get()
    assert (notice.title, notice.url) == ("提交另一份等2项：还有1天截止", "/")
    assert notice.body.splitlines() == [
        f"· 提交另一份（{todo.closing_text(end_of(1))}截止，还有1天截止）",
        f"· 提交申报（{todo.closing_text(end_of(3))}截止，还有3天截止）",
    ]


def test_remind_one_person(cast, bureau):
    reminding.remind([owed(bureau, 1, branch=None, roles=(), user_id=cast.expert.pk)])
    assert list(Notice.objects.values_list("recipient", flat=True)) == [cast.expert.pk]


def test_remind_nobody_inactive_or_no_longer_granted(cast, bureau):
    cast.clerk.is_active = False
    cast.clerk.save()
    RoleGrant.objects.filter(user=cast.secretary, role=Role.SECRETARY).update(valid_from=days(-9), valid_to=days(-1))
    reminding.remind([owed(bureau, 3)])
    assert Notice.objects.count() == 0


def test_remind_without_deadline_is_silent(cast, bureau):
    reminding.remind([owed(bureau, 3, due=None)])
    assert Notice.objects.count() == 0


def test_overdue_begins_with_the_midnight_after_the_last_day(bureau):
    assert (owed(bureau, 0).overdue, owed(bureau, -1).overdue) == (False, True)


@pytest.mark.parametrize(
    ("instant", "text"),
    [
        ("2020-05-01 00:00", "2020年4月30日24时"),
        ("2020-05-01 17:30", "2020年5月1日 17:30"),
    ],
)
def test_closing_text(instant, text):
    naive = datetime.datetime.strptime(instant, "%Y-%m-%d %H:%M")
    assert todo.closing_text(timezone.make_aware(naive)) == text
