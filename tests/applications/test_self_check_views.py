"""The pages of 自查: saving by script and without one, what is shown to whom, copying, constant queries."""

import pytest
from django.urls import reverse

from applications.models import Application, CheckDecision, Rectification, SelfCheck
from applications.services import preparing, rectifying, self_checking
from applications.states import Status
from standards.models import Track
from tests import factories

FETCH = {"X-Requested-With": "fetch"}


@pytest.fixture
def application(tiny_application):
    Track.objects.filter(pk=tiny_application.track_id).update(problem_tags=["两张皮", "弱化"])
    return Application.objects.for_work().get(pk=tiny_application.pk)


@pytest.fixture
def check(application, cast):
    return self_checking.start_self_check(application, by=cast.clerk)


@pytest.fixture
def client(client_of, cast):
    return client_of(cast.clerk)


def leaf(application, code="A1"):
    return next(c for c in application.track.rubric.leaves_for("派出所") if c.code == code)


def save(client, check, criterion, *, version=0, **fields):
    data = {f"c{criterion.pk}-{name}": value for name, value in fields.items()}
    url = reverse("applications:save_self_check", args=[check.pk, criterion.pk])
    return client.post(url, {**data, f"c{criterion.pk}-version": version}, headers=FETCH)


def page(name, *args):
    return reverse(f"applications:{name}", args=args)


# By script


def test_a_row_is_saved_with_the_counts(client, application, check):
    answer = save(client, check, leaf(application), points="20", verdict="gap", remark="缺两次").json()
    del answer["at"]
    first, second = application.track.rubric.dimensions
    assert answer == {
        "version": 1, "met": 0, "gaps": 1, "left": 7, "of": 8, "total": "20",
        "dimensions": [
            {"key": first.key, "met": 0, "gaps": 1, "judged": 1, "of": 7},
            {"key": second.key, "met": 0, "gaps": 0, "judged": 0, "of": 1},
        ],
    }  # fmt: skip
    assert check.items.get().remark == "缺两次"


def test_another_hand_is_shown_and_nothing_lost(client, application, check, cast):
    criterion = leaf(application)
    self_checking.save_item(
        check, criterion, answer={"points": "30"}, remark="书记写的", verdict="met", version=0, by=cast.secretary
    )
    answer = save(client, check, criterion, points="20", verdict="gap")
    key = criterion.pk
    assert (answer.status_code, answer.json()["theirs"]) == (409, {
        "version": 1, "earned": "30", "by": cast.secretary.name,
        "fields": {f"c{key}-points": "30", f"c{key}-remark": "书记写的", f"c{key}-verdict": "met"},
    })  # fmt: skip


def test_the_same_words_again_are_no_conflict(client, application, check):
    assert save(client, check, leaf(application), verdict="met").json()["version"] == 1
    assert save(client, check, leaf(application), verdict="met").json()["version"] == 1


def test_what_is_wrong_is_said(client, application, check):
    answer = save(client, check, leaf(application), points="99")
    assert (answer.status_code, answer.json()["code"]) == (400, "out_of_range")


def test_a_finished_one_takes_no_more(client, application, check, cast):
    save(client, check, leaf(application), verdict="met")
    self_checking.finish_self_check(check, by=cast.clerk)
    assert save(client, check, leaf(application), verdict="gap", version=1).status_code == 409


def test_a_gap_goes_on_the_ledger_in_passing(client, application, check):
    criterion = leaf(application)
    data = {"self_check": check.pk, "criterion": criterion.pk, "gap": "缺两次", "tag": ["弱化", "两张皮"]}
    answer = client.post(page("rectify", application.pk), data, headers=FETCH)
    entry = Rectification.objects.get()
    assert answer.json() == {"gap": "缺两次", "url": entry.get_absolute_url(), "state": "整改中"}
    assert (entry.criterion, entry.self_check, entry.source, entry.tag_names) == (
        criterion,
        check,
        "self_check",
        ["弱化", "两张皮"],
    )
    refused = client.post(page("rectify", application.pk), {**data, "gap": ""}, headers=FETCH)
    assert (refused.status_code, refused.text) == (422, "请写明差距：哪一点没有做到。")


# Without a script


def form_of(application, top=0, **rows):
    """The fields of one dimension as an untouched page sends them, and `rows` by code on top."""
    dimension = application.track.rubric.dimensions[top]
    data = {"dimension": dimension.key}
    for each in dimension.leaves:
        data[f"c{each.key}-version"] = "0"
        for name, value in rows.get(each.code, {}).items():
            data[f"c{each.key}-{name}"] = value
    return data


def test_a_dimension_is_saved_at_once(client, application, check):
    data = form_of(application, A1={"points": "20", "verdict": "met"}, A2={"verdict": "gap", "remark": "不够"})
    answer = client.post(check.get_absolute_url(), data)
    assert answer.url == f"{check.get_absolute_url()}#d{data['dimension']}"
    assert sorted(check.items.values_list("criterion__code", "verdict")) == [("A1", "met"), ("A2", "gap")]


def test_the_rest_is_met_with_one_press(client, application, check):
    data = form_of(application, A2={"verdict": "gap"})
    client.post(check.get_absolute_url(), {**data, "rest": "1"})
    found = dict(check.items.values_list("criterion__code", "verdict"))
    assert found == {"A2": "gap", **dict.fromkeys(("A1", "A3", "A4", "A5", "A6", "A7"), "met")}


def test_what_was_refused_is_still_there(client, application, check):
    answer = client.post(check.get_absolute_url(), form_of(application, A1={"points": "99", "remark": "打错了"}))
    assert "有1项没有保存" in answer.text
    assert 'value="99"' in answer.text
    assert "打错了" in answer.text


def test_a_gap_is_put_down_by_the_rows_own_button(client, application, check):
    key = leaf(application).key
    data = form_of(application, A1={"verdict": "gap", "gap": "缺两次", "tag": "弱化"})
    answer = client.post(check.get_absolute_url(), {**data, "rectify": key})
    entry = Rectification.objects.get()
    assert (answer.url, entry.gap, entry.tag_names) == (f"{check.get_absolute_url()}#c{key}", "缺两次", ["弱化"])
    assert "整改：缺两次" in client.get(check.get_absolute_url()).text


# Starting, finishing, taking back


def test_start_finish_and_list(client, application):
    answer = client.post(page("start_self_check", application.pk), {"note": "集体自查"})
    check = SelfCheck.objects.get()
    assert (answer.url, check.note) == (check.get_absolute_url(), "集体自查")
    assert client.post(page("finish_self_check", check.pk), follow=True).text.count("还没有一项作出") == 1
    save(client, check, leaf(application), verdict="gap")
    text = client.post(page("finish_self_check", check.pk), follow=True).text
    assert "有差距的1项还没有登记整改" in text
    assert client.post(page("rectify_gaps", check.pk)).url == f"{page('self_checks', application.pk)}#ledger"
    assert Rectification.objects.get().self_check == check
    listed = client.get(page("self_checks", application.pk)).text
    assert "“打分”未达到标准" in listed
    assert "开始下一次自查" in listed


def test_the_list_compares_with_the_time_before(client, application, check, cast):
    for code, verdict in (("A1", "gap"), ("A2", "gap"), ("A3", "met")):
        save(client, check, leaf(application, code), verdict=verdict)
    self_checking.finish_self_check(check, by=cast.clerk)
    second = self_checking.start_self_check(application, carry=True, by=cast.clerk)
    save(client, second, leaf(application, "A1"), verdict="met", version=1)
    text = client.get(page("self_checks", application.pk)).text
    assert "比上次多1" in text
    assert "比上次少1" in text
    sheet = client.get(second.get_absolute_url()).text
    assert "上次自查：有差距" in sheet
    assert "沿用上次的填写，请核对" in sheet


def test_a_second_start_leads_back_with_a_word(client, application, check):
    answer = client.post(page("start_self_check", application.pk), follow=True)
    assert "第1次自查还没有完成" in answer.text
    assert SelfCheck.objects.count() == 1


def test_discard_leads_to_the_list(client, application, check):
    assert client.post(page("discard_self_check", check.pk)).url == page("self_checks", application.pk)
    assert client.post(page("discard_self_check", check.pk)).status_code == 404


# Copying


def test_copy_shows_both_and_writes_what_was_ticked(client, application, check, cast):
    standing, _ = preparing.save_answer(
        application, leaf(application, "A1"), answer={"points": "30"}, remark="自评所写", version=0, by=cast.clerk
    )
    save(client, check, leaf(application, "A1"), points="12", verdict="gap")
    save(client, check, leaf(application, "A5"), met="yes", verdict="met")
    url = page("copy_self_check", check.pk)
    text = client.get(url).text
    assert text.count(" checked>") == 1  # only what replaces nothing
    assert "自评所写" in text
    a1, a5 = (leaf(application, code).pk for code in ("A1", "A5"))
    data = {f"standing-{a1}": standing.version, f"standing-{a5}": 0}
    assert client.post(url, {**data, "criterion": [a5]}).url == page("assessment", application.pk)
    assert dict(application.assessments.values_list("criterion__code", "points")) == {"A1": 30, "A5": 10}
    preparing.save_answer(
        application, leaf(application, "A1"), answer={"points": "28"}, remark="", version=1, by=cast.secretary
    )
    refused = client.post(url, {**data, "criterion": [a1]})
    assert "刚被" in refused.text
    assert application.assessments.get(criterion=a1).points == 28


def test_copy_without_a_choice_or_a_draft_is_refused_in_words(client, application, check):
    save(client, check, leaf(application, "A5"), met="yes")
    assert "没有可以带入的内容" in client.post(page("copy_self_check", check.pk)).text
    Application.objects.filter(pk=application.pk).update(status=Status.SUBMITTED)
    assert "申报已经提交" in client.get(page("copy_self_check", check.pk)).text


# Who sees what


def test_a_committee_reads_but_does_not_fill_in(client_of, cast, application, check):
    client = client_of(cast.committee_head)
    sheet = client.get(check.get_absolute_url()).text
    assert "data-unit" not in sheet
    listed = client.get(page("self_checks", application.pk)).text
    assert "第1次自查</a>" in listed
    assert page("start_self_check", application.pk) not in listed


def test_reviewers_have_no_tab(client_of, cast, application, road):
    road.to(application, "in_review")
    text = client_of(cast.assessor).get(page("detail", application.pk)).text
    assert "自查整改" not in text
    assert "自查整改" in client_of(cast.clerk).get(page("detail", application.pk)).text


def test_a_vetoed_branch_only_reads(client, application, check):
    Application.objects.filter(pk=application.pk).update(status=Status.VETOED)
    assert "data-unit" not in client.get(check.get_absolute_url()).text
    assert (
        "登记整改"
        not in client.get(page("self_checks", application.pk)).text.split("整改台账</h2>")[1].split("</div>")[0]
    )


def test_a_return_waits_to_be_put_on_the_ledger(client, application, cast):
    decision = CheckDecision.objects.create(
        application=application, outcome="returned", reason="见逐项意见", decided_by=cast.committee_clerk,
        items=[{"code": "A1", "title": "打分", "remark": "台账缺三月"}],
    )  # fmt: skip
    assert "退回意见还有1条没有登记整改" in client.get(page("self_checks", application.pk)).text
    client.post(page("rectify_return", application.pk), {"decision": decision.pk})
    assert Rectification.objects.get().gap == "台账缺三月"
    assert "没有登记整改" not in client.get(page("self_checks", application.pk)).text


# Queries


@pytest.mark.parametrize("rows", [1, 3])
def test_the_tab_asks_the_same_for_any_number(client, application, cast, rows, django_assert_num_queries):
    for _ in range(rows):
        check = self_checking.start_self_check(application, by=cast.clerk)
        for code in ("A1", "A2", "A3")[:rows]:
            self_checking.save_item(
                check, leaf(application, code), answer={}, remark="", verdict="gap", version=0, by=cast.clerk
            )
        self_checking.finish_self_check(check, by=cast.clerk)
        rectifying.open_for_gaps(check, by=cast.clerk)
    client.get(page("self_checks", application.pk))
    with django_assert_num_queries(15):
        client.get(page("self_checks", application.pk))


@pytest.mark.parametrize("rows", [1, 3])
def test_the_sheet_asks_the_same_for_any_number(client, application, check, cast, rows, django_assert_num_queries):
    for code in ("A1", "A2", "A3")[:rows]:
        criterion = leaf(application, code)
        self_checking.save_item(check, criterion, answer={}, remark="", verdict="gap", version=0, by=cast.clerk)
        rectifying.open_rectification(
            application, gap="差距", criterion=criterion, self_check=check, tags=["弱化"], by=cast.clerk
        )
    client.get(check.get_absolute_url())
    with django_assert_num_queries(11):
        client.get(check.get_absolute_url())


def test_saving_asks_no_calendar(client, application, check, django_assert_num_queries):
    save(client, check, leaf(application), verdict="met")
    with django_assert_num_queries(14):
        save(client, check, leaf(application), verdict="gap", version=1)


@pytest.mark.parametrize("rows", [1, 3])
def test_the_overview_asks_the_same_for_any_number(client_of, cast, applications, rows, django_assert_num_queries):
    client = client_of(cast.committee_head)
    for code in ("A-1", "A-2", "A-3")[:rows]:
        application = applications[code]
        check = self_checking.start_self_check(application, by=cast.clerk)
        rectifying.open_rectification(application, gap="差距", self_check=check, by=cast.clerk)
    client.get(page("rectifications"))
    with django_assert_num_queries(12):
        client.get(page("rectifications"))


def test_the_overview_counts_by_kind_of_problem(client_of, cast, applications):
    track = Track.objects.get(pk=applications["A-1"].track_id)
    Track.objects.filter(pk=track.pk).update(problem_tags=["两张皮", "弱化", "虚化"])
    given = [
        ("A-1", ["两张皮", "弱化"], -1),
        ("A-1", ["弱化"], 3),
        ("A-2", ["弱化"], None),
        ("A-2", [], None),
        ("B-1", ["虚化"], -1),
    ]
    for number, (code, tags, due) in enumerate(given):
        application = Application.objects.for_work().get(pk=applications[code].pk)
        rectifying.open_rectification(
            application,
            gap=f"差距{number}",
            tags=tags,
            due_on=factories.days(due) if due is not None else None,
            by=cast.clerk,
        )
    answer = client_of(cast.committee_clerk).get(page("rectifications"))
    counted = [(row["name"], row["branches"], row["all"], row["overdue"]) for row in answer.context["by_tag"]]
    assert counted == [("两张皮", 1, 1, 1), ("弱化", 2, 3, 1), ("虚化", 0, 0, 0), ("未标类型", 1, 1, 0)]
    rows = [(row.branch.code, row.open_entries, row.overdue_entries) for row in answer.context["page_obj"]]
    assert rows == [("A-1", 2, 1), ("A-2", 2, 0), ("A-3", 0, 0)]
    narrowed = client_of(cast.committee_clerk).get(page("rectifications"), {"tag": "弱化"})
    assert [(row.branch.code, row.open_entries) for row in narrowed.context["page_obj"]] == [
        ("A-1", 2),
        ("A-2", 1),
        ("A-3", 0),
    ]
