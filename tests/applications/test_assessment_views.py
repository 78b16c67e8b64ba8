"""The self-assessment page: saving by script, saving without one, conflicts, constant queries."""

import pytest
from django.test import Client
from django.urls import reverse

from applications.models import Application, Assessment
from applications.services import preparing
from branches.models import AuditEntry
from standards.models import Track

FETCH = {"X-Requested-With": "fetch"}


def page_of(application):
    return reverse("applications:assessment", args=[application.pk])


def leaf(application, code="A1"):
    return next(c for c in application.track.rubric.leaves_for("派出所") if c.code == code)


def save(client, application, criterion, *, version=0, headers=FETCH, **fields):
    data = {f"c{criterion.pk}-{name.replace('_', '-')}": value for name, value in fields.items()}
    url = reverse("applications:save_answer", args=[application.pk, criterion.pk])
    return client.post(url, {**data, f"c{criterion.pk}-version": version}, headers=headers)


@pytest.fixture
def client(client_of, cast):
    return client_of(cast.clerk)


# By script


def test_save_answer_returns_version_and_totals(client, tiny_application):
    answer = save(client, tiny_application, leaf(tiny_application), points="12.5", remark="做法一\r\n做法二").json()
    first, second = tiny_application.track.rubric.dimensions
    del answer["at"]
    assert answer == {
        "version": 1, "earned": "12.5", "total": "12.5", "answered": 1, "of": 6,
        "dimensions": [
            {"key": first.pk, "points": "12.5", "full": "100", "answered": 1, "of": 5},
            {"key": second.pk, "points": "0", "full": "5", "answered": 0, "of": 1},
        ],
        "groups": [
            {"key": first.key, "points": "12.5", "star": "", "won": False},
            {"key": second.key, "points": "0", "star": "", "won": False},
        ],
        "warnings": [], "line": None,
    }  # fmt: skip
    saved = Assessment.objects.get()
    assert (saved.points, saved.remark, saved.version) == (12.5, "做法一\n做法二", 1)


def test_save_answer_keeps_the_application_and_the_log_up_to_date(client, tiny_application, cast):
    save(client, tiny_application, leaf(tiny_application), points="12.5")
    save(client, tiny_application, leaf(tiny_application), points="13", version=1)
    stored = Application.objects.get(pk=tiny_application.pk)
    assert (stored.self_score, stored.self_complete) == (13, False)
    entries = AuditEntry.objects.filter(action="assessment.save").order_by("seq")
    assert [(entry.actor, entry.changes["points"]) for entry in entries] == [
        (cast.clerk, [None, "12.50"]), (cast.clerk, ["12.50", "13.00"]),
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("code", "fields", "words"),
    [
        ("A1", {"points": "31"}, "打分：应在 0 至 30 分之间。"),
        ("A1", {"points": "满分"}, "打分：请填写数字，例如 3 或 2.5。"),
        ("A1", {"points": "1.3"}, "打分：须是 0.5 的整数倍。"),
        ("A2", {"level": "0"}, "等次：请选择列出的等次。"),
    ],
)
def test_save_answer_says_what_is_wrong(client, tiny_application, code, fields, words):
    answer = save(client, tiny_application, leaf(tiny_application, code), **fields)
    assert (answer.status_code, answer.json()["message"]) == (400, words)
    assert Assessment.objects.count() == 0


def test_save_answer_of_every_kind_reaches_the_full_score(client, tiny_application):
    rule = {code: leaf(tiny_application, code).rules.all()[0].pk for code in ("A2", "A3", "A4", "B1")}
    given = [
        ("A1", {"points": "30"}), ("A2", {"level": rule["A2"]}), ("A3", {f"t{rule['A3']}": "4"}),
        ("A4", {f"t{rule['A4']}": "0"}), ("A5", {"met": "yes"}), ("A6", {"remark": "无"}), ("A7", {"remark": "已写"}),
        ("B1", {f"t{rule['B1']}": "9"}),
    ]  # fmt: skip
    for code, fields in given:
        answer = save(client, tiny_application, leaf(tiny_application, code), **fields)
    assert (answer.json()["total"], answer.json()["answered"]) == ("105", 6)
    assert Application.objects.get(pk=tiny_application.pk).self_complete is True


def test_stale_version_gets_the_others_answer_and_changes_nothing(client, client_of, cast, tiny_application):
    criterion = leaf(tiny_application)
    save(client_of(cast.secretary), tiny_application, criterion, points="10", remark="书记写的")
    answer = save(client, tiny_application, criterion, points="20")
    assert answer.status_code == 409
    assert answer.json()["theirs"] == {
        "version": 1, "earned": "10", "by": cast.secretary.name,
        "fields": {f"c{criterion.pk}-points": "10", f"c{criterion.pk}-remark": "书记写的"},
    }  # fmt: skip
    assert Assessment.objects.get().points == 10
    assert save(client, tiny_application, criterion, points="20", version=1).status_code == 200


def test_same_words_sent_twice_are_saved_once(client, tiny_application):
    """The answer to the first request was lost on the line; the page sends it again with the old version."""
    for _ in range(2):
        answer = save(client, tiny_application, leaf(tiny_application), points="20")
        assert (answer.status_code, answer.json()["version"]) == (200, 1)


def test_save_after_submission_is_refused(client, tiny_application, road):
    road.to(tiny_application, "submitted")
    before = list(Assessment.objects.values_list("pk", "points", "version"))
    answer = save(client, tiny_application, leaf(tiny_application), points="1", version=1)
    assert (answer.status_code, answer.json()["code"]) == (409, "conflict")
    assert list(Assessment.objects.values_list("pk", "points", "version")) == before


def test_save_without_a_session_is_401(tiny_application):
    assert save(Client(), tiny_application, leaf(tiny_application), points="1").status_code == 401


@pytest.mark.parametrize(
    ("who", "status"),
    [("committee_clerk", 403), ("campaign_admin", 403), ("inspector", 403), ("secretary_a2", 404), ("assessor", 404)],
)
def test_save_is_for_the_branch(client_of, cast, tiny_application, who, status):
    answer = save(client_of(getattr(cast, who)), tiny_application, leaf(tiny_application), points="1")
    assert (answer.status_code, Assessment.objects.count()) == (status, 0)


def test_save_of_a_criterion_of_another_rubric_is_404(client, tiny_application, plans):
    criterion = plans.R3.criteria.exclude(kind="group").first()
    assert save(client, tiny_application, criterion, points="1").status_code == 404


def test_autosave_asks_few_queries(client, tiny_application, django_assert_num_queries):
    save(client, tiny_application, leaf(tiny_application), points="20")
    # two of them the savepoint that is the transaction outside of tests, one whether the standard was replaced meanwhile
    with django_assert_num_queries(15):
        save(client, tiny_application, leaf(tiny_application), points="21", version=1)


# Without JavaScript


def dimension(application, *, top=0, **fields):
    """POST data of one dimension as the page sends it: every row, these ones filled."""
    group = application.track.rubric.dimensions[top]
    data = {"dimension": group.pk}
    for item in group.leaves:
        saved = application.assessments.filter(criterion=item).first()
        data[f"c{item.pk}-version"] = saved.version if saved else 0
        data[f"c{item.pk}-remark"] = saved.remark if saved else ""
        data[f"c{item.pk}-points"] = saved.answer.get("points", "") if saved else ""
    for name, value in fields.items():
        code, field = name.split("_")
        data[f"c{leaf(application, code).pk}-{field}"] = value
    return data


def test_dimension_saves_what_was_changed_and_nothing_else(client, tiny_application):
    save(client, tiny_application, leaf(tiny_application, "A7"), remark="早先写的")
    answer = client.post(page_of(tiny_application), dimension(tiny_application, A1_points="20", A5_met="yes"))
    top = tiny_application.track.rubric.dimensions[0]
    assert (answer.status_code, answer["Location"]) == (302, f"{page_of(tiny_application)}#d{top.pk}")
    assert list(Assessment.objects.order_by("criterion").values_list("criterion__code", "version")) == [
        ("A1", 1), ("A5", 1), ("A7", 1),
    ]  # fmt: skip


def test_dimension_lists_errors_and_keeps_what_was_typed(client, tiny_application):
    answer = client.post(page_of(tiny_application), dimension(tiny_application, A1_points="满分", A5_met="yes"))
    row = answer.context["failed"][leaf(tiny_application).pk]
    assert (answer.status_code, row.entry.value, row.error) == (200, "满分", "打分：请填写数字，例如 3 或 2.5。")
    assert list(Assessment.objects.values_list("criterion__code", flat=True)) == ["A5"]


def test_dimension_on_a_stale_page_shows_the_conflict_and_then_lets_the_own_words_count(
    client, client_of, cast, tiny_application
):
    data = dimension(tiny_application, A1_points="20")
    save(client_of(cast.secretary), tiny_application, leaf(tiny_application), points="10")
    row = client.post(page_of(tiny_application), data).context["failed"][leaf(tiny_application).pk]
    assert (row.entry.value, row.version, Assessment.objects.get().points) == ("20", 1, 10)
    data[f"c{leaf(tiny_application).pk}-version"] = row.version
    assert client.post(page_of(tiny_application), data).status_code == 302
    assert Assessment.objects.get().points == 20


def test_attach_without_script_saves_first_and_goes_to_the_library(client, tiny_application):
    criterion = leaf(tiny_application)
    data = dimension(tiny_application, A1_points="20") | {"attach": str(criterion.pk)}
    answer = client.post(page_of(tiny_application), data)
    library = reverse("applications:evidence", args=[tiny_application.pk])
    assert (answer["Location"], Assessment.objects.get().points) == (f"{library}?criterion={criterion.pk}", 20)


def test_unknown_dimension_is_404(client, tiny_application):
    assert client.post(page_of(tiny_application), {"dimension": "x"}).status_code == 404


# The page


def test_page_is_read_only_for_other_readers_and_after_submission(client, client_of, cast, tiny_application, road):
    assert client_of(cast.committee_clerk).get(page_of(tiny_application)).context["editable"] is False
    assert client.get(page_of(tiny_application)).context["editable"] is True
    road.to(tiny_application, "submitted")
    page = client.get(page_of(tiny_application))
    assert (page.context["editable"], b"<textarea" in page.content) == (False, False)


def test_page_of_the_longest_rubric_shows_every_criterion(client, cast, plans, bureau):
    track = Track.objects.get(campaign=plans.S1, code="T1-2020")
    application = Application.objects.create(branch=bureau.a1, track=track)
    page = client.get(page_of(application))
    assert [len(d["rows"]) for d in page.context["dimensions"]] == [14, 14, 18, 15, 10]
    assert (page.context["of"], page.content.count(b"<textarea")) == (70, 71)


@pytest.mark.parametrize("number", [1, 3])
def test_page_asks_the_same_number_of_queries(client, tiny_application, cast, number, django_assert_num_queries):
    for code in ("A1", "A5", "A7")[:number]:
        fields = {"A1": {"points": "3"}, "A5": {"met": True}, "A7": {}}[code]
        preparing.save_answer(
            tiny_application, leaf(tiny_application, code), answer=fields, remark="说明", version=0, by=cast.clerk
        )
    client.get(page_of(tiny_application))
    with django_assert_num_queries(10):
        client.get(page_of(tiny_application))
