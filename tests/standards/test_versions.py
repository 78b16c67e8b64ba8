"""The life of a rubric: drawn up, copied, published, retired, thrown away; and that what is published stays."""

import inspect
from decimal import Decimal

import pytest
from django.core.exceptions import ValidationError
from django.core.management import CommandError, call_command
from django.urls import reverse

from branches.models import AuditEntry
from standards.models import Campaign, Criterion, Rubric, ScoreRule
from standards.services import editing, outlining, versions
from standards.services import rubrics as rubric_services
from tests import factories

LIST = reverse("standards:rubrics")


@pytest.fixture
def admin(client_of, cast):
    return client_of(cast.campaign_admin)


@pytest.fixture
def clerk(client_of, cast):
    return client_of(cast.clerk)


def url(name, rubric):
    return reverse(f"standards:rubric_{name}", args=[rubric.pk])


def refused(act) -> str:
    with pytest.raises(ValidationError) as refusal:
        act()
    return refusal.value.code


def said(response) -> list[str]:
    return [str(message) for message in response.context["messages"]]


# Blank drafts


def test_new_draft(cast):
    rubric = versions.create_rubric(code="N1", name="新标准", total_points=Decimal(110), by=cast.campaign_admin)
    assert (rubric.version, rubric.status, rubric.total_points) == (1, "draft", 110)
    assert AuditEntry.objects.get(action="rubric.create").actor == cast.campaign_admin


def test_new_draft_of_a_taken_code(tiny_rubric, cast):
    act = lambda: versions.create_rubric(code="TINY", name="x", total_points=Decimal(1), by=cast.campaign_admin)  # noqa: E731
    assert refused(act) == "taken"


def test_new_page_keeps_what_was_typed(admin, tiny_rubric):
    page = reverse("standards:rubric_new")
    answer = admin.post(page, {"code": "TINY", "name": "写了名称", "total_points": "100"})
    assert "写了名称" in answer.text
    assert answer.context["form"].errors["code"] == [
        "编码“TINY”已经有标准了；请换一个编码，或在列表中以它为蓝本新建下一版。"
    ]
    assert (
        admin.post(page, {"code": "有 空格", "name": "x", "total_points": "100"})
        .context["form"]
        .has_error("code", "bad_code")
    )
    admin.post(page, {"code": "N2", "name": "新标准", "total_points": "100"})
    assert Rubric.objects.get(code="N2").name == "新标准"


# Copies


def content(rubric):
    rows = Criterion.objects.filter(rubric=rubric).select_related("parent").prefetch_related("rules")
    return [
        (
            [getattr(row, name) for name in rubric_services.CRITERION_CONTENT],
            row.order,
            row.parent and row.parent.code,
            [[getattr(rule, name) for name in rubric_services.RULE_CONTENT] for rule in row.rules.all()],
        )
        for row in rows
    ]


@pytest.mark.parametrize("code", ["R1", "R2", "R3", "P1"])
def test_copy_is_the_next_version_with_everything(plans, cast, code):
    source = getattr(plans, code)
    made = versions.copy_rubric(source, by=cast.campaign_admin)
    assert (made.code, made.version, made.status, made.based_on) == (code, 2, "draft", source)
    assert (made.name, made.source, made.total_points, made.points_suggested, made.rescale, made.cap_total) == (
        source.name, source.source, source.total_points, source.points_suggested, source.rescale, source.cap_total,
    )  # fmt: skip
    assert content(made) == content(source)
    published = rubric_services.publish_rubric(Rubric.objects.get(pk=made.pk), by=cast.campaign_admin)
    assert published.content_hash != source.content_hash  # the version is part of what is said


def test_copy_to_another_code(tiny_rubric, cast):
    made = versions.copy_rubric(tiny_rubric, code="OTHER", name="别的", by=cast.campaign_admin)
    assert (made.code, made.version, made.name, made.based_on) == ("OTHER", 1, "别的", tiny_rubric)


def test_copy_is_its_own(tiny_rubric, cast):
    made = versions.copy_rubric(tiny_rubric, by=cast.campaign_admin)
    Criterion.objects.filter(rubric=made, code="A1").update(max_points=3)
    ScoreRule.objects.filter(criterion__rubric=made).update(points=1)
    tiny_rubric = Rubric.objects.get(pk=tiny_rubric.pk)
    assert Criterion.objects.get(rubric=tiny_rubric, code="A1").max_points == 30
    assert rubric_services.content_hash(tiny_rubric) == tiny_rubric.content_hash


def test_copy_twice_makes_one_draft(tiny_rubric, cast):
    versions.copy_rubric(tiny_rubric, by=cast.campaign_admin)
    assert refused(lambda: versions.copy_rubric(tiny_rubric, by=cast.campaign_admin)) == "draft_exists"
    assert Rubric.objects.filter(code="TINY").count() == 2


def test_copy_asks_the_same_number_of_queries(plans, tiny_rubric, cast, django_assert_max_num_queries):
    """Savepoints, versions, last version, rubric, criteria, rules, two levels, rules, and the log; one less without rules."""
    for source in (tiny_rubric, plans.R2):
        with django_assert_max_num_queries(15):
            versions.copy_rubric(source, by=cast.campaign_admin)


def test_copy_page_asks_again_with_the_reason(admin, tiny_rubric, cast):
    assert admin.post(url("copy", tiny_rubric)).status_code == 302
    answer = admin.post(url("copy", tiny_rubric), {"name": "明年标准"})
    assert answer.context["form"].non_field_errors() == [
        "小标准（TINY 第2版）还是草稿；请先改好发布，或删除它，再新建下一版。"
    ]
    assert "明年标准" in answer.text


# Publishing, retiring, deleting


def test_publish_lists_every_problem(admin, cast):
    rubric = factories.RubricFactory(code="BAD")
    top = Criterion.objects.create(rubric=rubric, order=1, code="A", title="空组", kind="group", max_points=10)
    Criterion.objects.create(rubric=rubric, parent=top, order=2, code="A1", title="等次", kind="levels", max_points=10)
    answer = admin.post(url("publish", rubric))
    assert (answer.status_code, answer.context["problems"]) == (
        422,
        ["A1：等次须列出计分细则。", "各维度合计10分，与总分100分不符。"],
    )
    rubric.refresh_from_db()
    assert rubric.is_draft


def test_publish_page(admin, tiny_rubric, cast):
    made = versions.copy_rubric(tiny_rubric, by=cast.campaign_admin)
    assert admin.post(url("publish", made)).status_code == 302
    made.refresh_from_db()
    assert (made.status, len(made.content_hash)) == ("published", 64)


@pytest.mark.parametrize("status", ["draft", "open"])
@pytest.mark.parametrize("whole", [True, False])
def test_retire_is_refused_while_in_use(tiny_rubric, cast, status, whole):
    campaign = factories.CampaignFactory()
    other = tiny_rubric if whole else factories.tiny_rubric("OTHER")
    track = factories.tiny_track(campaign, other)
    if not whole:
        track.components.filter(source="visit").update(rubric=tiny_rubric)
    Campaign.objects.filter(pk=campaign.pk).update(status=status)
    with pytest.raises(ValidationError) as refusal:
        versions.retire_rubric(tiny_rubric, by=cast.campaign_admin)
    assert refusal.value.code == "in_use"
    assert "“试用创建活动·试用称号”" in refusal.value.message


def test_retire_once_the_campaign_is_over(tiny_rubric, cast):
    campaign = factories.CampaignFactory()
    factories.tiny_track(campaign, tiny_rubric)
    Campaign.objects.filter(pk=campaign.pk).update(status="closed")
    versions.retire_rubric(tiny_rubric, by=cast.campaign_admin)
    assert tiny_rubric.status == "retired"
    assert refused(lambda: versions.retire_rubric(tiny_rubric, by=cast.campaign_admin)) == "not_published"
    assert AuditEntry.objects.filter(action="rubric.retire").count() == 1


def test_delete_only_drafts_nobody_uses(tiny_rubric, cast):
    draft = versions.copy_rubric(tiny_rubric, by=cast.campaign_admin)
    track = factories.tiny_track(factories.CampaignFactory(), draft)
    assert refused(lambda: versions.delete_rubric(tiny_rubric, by=cast.campaign_admin)) == "not_draft"
    assert refused(lambda: versions.delete_rubric(draft, by=cast.campaign_admin)) == "in_use"
    track.delete()
    versions.delete_rubric(draft, by=cast.campaign_admin)
    assert Rubric.objects.get(code="TINY") == tiny_rubric
    assert refused(lambda: versions.delete_rubric(draft, by=cast.campaign_admin)) == "gone"


def test_delete_page_says_why_not(admin, tiny_rubric):
    answer = admin.post(url("delete", tiny_rubric), follow=True)
    assert said(answer) == ["已发布的标准留存备查，不能删除；不再使用时可以停用。"]


# The list


def test_list_shows_versions_newest_first_and_drafts_to_the_office(admin, clerk, tiny_rubric, cast):
    versions.copy_rubric(tiny_rubric, by=cast.campaign_admin)

    def shown(client):
        groups = dict(client.get(LIST).context["groups"])
        return [(line.rubric.version, line.previous and line.previous.version) for line in groups["TINY"]]

    assert (shown(admin), shown(clerk)) == ([(2, 1), (1, None)], [(1, None)])


def test_list_tells_where_a_rubric_is_used(admin, clerk, tiny_track, tiny_rubric):
    hidden = factories.tiny_track(factories.CampaignFactory(), tiny_rubric, code="H")

    def tracks(client):
        [line] = dict(client.get(LIST).context["groups"])["TINY"]
        return line.tracks

    assert (tracks(admin), tracks(clerk)) == ([hidden, tiny_track], [tiny_track])


@pytest.mark.parametrize("rows", [1, 3])
def test_list_query_count(admin, tiny_rubric, cast, rows, django_assert_num_queries):
    for number in range(rows):
        factories.tiny_track(factories.CampaignFactory(), factories.tiny_rubric(f"T{number}"), code=f"T{number}")
    admin.get(LIST)
    # session, user, grants, rubrics, tracks, components, unread notices
    with django_assert_num_queries(7):
        admin.get(LIST)


# What is published stays


def acts_on(rubric, cast):
    """Every service that writes to a rubric, its criteria or rules, called as somebody with an old page would."""
    by = cast.campaign_admin
    leaf, other = (next(each for each in rubric.outline if each.code == code) for code in ("A1", "A5"))
    head = {"fields": {"name": "改名"}, "mark": editing.head_mark(rubric)}
    return {
        "save_rubric": lambda: editing.save_rubric(rubric, **head, by=by),
        "save_criterion": lambda: editing.save_criterion(leaf, fields={"title": "x"}, rules=[], version=1, by=by),
        "move_points": lambda: editing.move_points(rubric, giver=leaf, taker=other, points=Decimal(1), by=by),
        "add_criterion": lambda: outlining.add_criterion(rubric, after=leaf, by=by),
        "delete_criterion": lambda: outlining.delete_criterion(leaf, by=by),
        "restore_criterion": lambda: outlining.restore_criterion(
            rubric, {"parent": None, "place": 0, "rows": []}, by=by
        ),
        "duplicate_criterion": lambda: outlining.duplicate_criterion(leaf, by=by),
        "move_criterion": lambda: outlining.move_criterion(leaf, parent=None, position=0, by=by),
        "shift_criterion": lambda: outlining.shift_criterion(leaf, to="down", by=by),
        "publish_rubric": lambda: rubric_services.publish_rubric(rubric, by=by),
        "delete_rubric": lambda: versions.delete_rubric(rubric, by=by),
    }


@pytest.mark.parametrize("status", ["published", "retired"])
def test_nothing_writes_to_what_is_published(tiny_rubric, cast, status):
    if status == "retired":
        versions.retire_rubric(tiny_rubric, by=cast.campaign_admin)
    before = content(tiny_rubric)
    codes = {name: refused(act) for name, act in acts_on(tiny_rubric, cast).items()}
    assert codes == dict.fromkeys(codes, "not_draft")
    assert content(tiny_rubric) == before
    assert list(rubric_services.altered_rubrics()) == []


def test_every_service_that_writes_to_criteria_is_among_those_tried(tiny_rubric, cast):
    """A new one must refuse what is published as well: add it above."""
    written = {
        name
        for module in (editing, outlining)
        for name, function in vars(module).items()
        if inspect.isfunction(function) and function.__module__ == module.__name__
        and not name.startswith("_") and "by" in inspect.signature(function).parameters
    }  # fmt: skip
    assert written - set(acts_on(tiny_rubric, cast)) == set()


@pytest.mark.parametrize("warm", [True, False])
def test_verify_finds_what_was_changed_by_hand(tiny_rubric, warm):
    if warm:
        assert Rubric.objects.get(pk=tiny_rubric.pk).outline  # remembered by the process
    call_command("verify_rubrics", verbosity=0)
    Criterion.objects.filter(rubric=tiny_rubric, code="A1").update(max_points=31)
    with pytest.raises(CommandError, match="小标准（TINY 第1版）：内容与发布时的哈希不符"):
        call_command("verify_rubrics")


def test_verify_finds_a_hash_that_was_changed_along(tiny_rubric):
    Criterion.objects.filter(rubric=tiny_rubric, code="A1").update(text="别的")
    tiny_rubric.read_afresh()
    Rubric.objects.filter(pk=tiny_rubric.pk).update(content_hash=rubric_services.content_hash(tiny_rubric))
    assert list(rubric_services.altered_rubrics()) == [(tiny_rubric, "哈希与审计日志中发布时所记的不符。")]


def test_verify_finds_a_reopened_draft(tiny_rubric, plans):
    Rubric.objects.filter(pk=tiny_rubric.pk).update(status="draft", content_hash="")
    Rubric.objects.filter(pk=plans.P1.pk).update(status="draft")
    found = {rubric.code: what for rubric, what in rubric_services.altered_rubrics()}
    assert found == dict.fromkeys(["P1", "TINY"], "发布过的标准被改回了草稿。")


def test_verify_says_that_all_is_well(tiny_rubric, plans, capsys):
    call_command("verify_rubrics")
    assert capsys.readouterr().out == "5套已发布的标准与发布时完全一致。\n"
