import datetime

import pytest
from django.core.exceptions import ValidationError
from django.core.files.uploadedfile import SimpleUploadedFile
from django.forms import ChoiceField
from django.urls import reverse

from branches.models import AuditEntry
from standards import readiness
from standards.models import Campaign, ScoreComponent, Stage, Track
from standards.services import setup
from tests import factories
from tests.uploads import PDF

D = datetime.date


@pytest.fixture
def admin(client_of, cast):
    return client_of(cast.campaign_admin)


@pytest.fixture
def draft(cast):
    return setup.create_campaign(
        code="N1", name="新活动方案", short_name="新活动", round_label="2026年", by=cast.campaign_admin
    )


@pytest.fixture
def track(draft, tiny_rubric):
    return Track.objects.create(
        campaign=draft, code="T1", award_name="先进支部", rubric=tiny_rubric, mode="competition"
    )


def url(campaign, step, track=None):
    if track:
        return reverse("standards:wizard_track", args=[campaign.pk, step, track.pk])
    return reverse("standards:wizard", args=[campaign.pk, step])


def filled(response):
    """What the browser would send back from the page as it stands."""
    page, data = response.context["page"], {"mark": response.context["mark"]}
    forms = [page.main] if page.main else []
    for table in page.tables:
        forms += [table.rows.management_form, *table.rows.forms]
    for form in forms:
        for field in form:
            value = field.value()
            if value is None and isinstance(field.field, ChoiceField):
                value = next(iter(field.field.choices), ("",))[0]  # what a browser sends for a list nobody touched
            if value is None or value is False:
                continue
            if hasattr(value, "isoformat"):
                value = value.isoformat()
            data[field.html_name] = "on" if value is True else value
    return data


def refused(call, *args, **kwargs):
    with pytest.raises(ValidationError) as caught:
        call(*args, **kwargs)
    return caught.value.code


# A new campaign


def test_campaign_new_makes_a_draft_only_the_office_sees(admin, client_of, cast, plans):
    answer = admin.post(
        "/campaigns/new/", {"name": "方案", "short_name": "活动", "code": "X26", "round_label": "2026年"}
    )
    campaign = Campaign.objects.get(code="X26")
    assert (campaign.status, answer["Location"]) == ("draft", url(campaign, "basis"))
    assert client_of(cast.secretary).get(campaign.get_absolute_url()).status_code == 404


def test_campaign_new_refuses_a_code_in_use_and_keeps_what_was_typed(admin, plans):
    answer = admin.post("/campaigns/new/", {"name": "方案", "short_name": "活动", "code": "S2"})
    form = answer.context["form"]
    assert (list(form.errors), form["name"].value()) == (["code"], "方案")


def contents(track):
    """Everything a round is made of, but its dates and years."""
    return {
        name: [
            [getattr(row, field) for field in setup.PARTS[name].fields if field not in ("opens_on", "closes_on", "date_text")]
            for row in setup.rows_of(track, name)
        ]
        for name in ("stages", "tasks", "components", "grades", "form_fields", "honours")
    }  # fmt: skip


def test_copy_campaign_takes_everything_over_with_its_dates_moved(admin, plans, cast):
    source = plans.S2.tracks.get()
    data = {"name": "新一轮", "short_name": "新一轮", "code": "S2B", "source": plans.S2.pk, "years": "1"}
    admin.post("/campaigns/new/", data)
    copy = Track.objects.get(campaign__code="S2B")
    assert contents(copy) == contents(source)
    assert (copy.code, copy.round_label, copy.plaque_prefix) == ("T3-2024", "2024年", "最强支部2024")
    assert (copy.quota, copy.tie_breakers, copy.rubric_id) == (20, source.tie_breakers, source.rubric_id)
    apply = copy.stages.get(kind="apply")
    assert (apply.opens_on, apply.closes_on) == (D(2024, 4, 1), D(2024, 4, 20))
    assert copy.stages.get(kind="mobilise").date_text == "2024年3月"
    assert readiness.missing_for_opening(copy.campaign) == readiness.missing_for_opening(plans.S2)


def test_copy_campaign_moves_the_leap_day_and_leaves_local_tasks_behind(tiny_track, bureau, cast):
    Stage.objects.filter(track=tiny_track, kind="present").update(opens_on=None, closes_on=D(2028, 2, 29))
    mobilise = tiny_track.stages.get(kind="mobilise")
    mobilise.tasks.create(kind="other", name="本级任务", organiser=bureau.county_a)
    copied = setup.copy_campaign(
        tiny_track.campaign, code="LEAP", name="新", short_name="新", round_label="", years=1, by=cast.campaign_admin
    )
    copy = copied.tracks.get()
    assert copy.stages.get(kind="present").closes_on == D(2029, 2, 28)
    assert [task.name for task in setup.rows_of(copy, "tasks")] == ["创建活动计划", "党员大会"]


# The steps


@pytest.mark.parametrize("code", ["S1", "S2"])
def test_a_step_saved_as_shown_changes_nothing(admin, plans, code):
    """Every field of both plans goes through its form and back unharmed."""
    campaign = Campaign.objects.get(code=code)
    places = [("basis", None), ("tracks", None)]
    places += [(s, t) for t in campaign.tracks.all() for s in ("calendar", "recommend", "scoring", "form")]
    for step, track in places:
        before = setup.step_mark(track or campaign, step)
        answer = admin.post(url(campaign, step, track), filled(admin.get(url(campaign, step, track))) | {"save": "1"})
        assert answer.status_code == 302, (step, answer.context["page"].errors)
        assert (step, setup.step_mark(track or campaign, step)) == (step, before)
    assert AuditEntry.objects.filter(action="campaign.setup").count() == 0


def test_basis_takes_a_plan_and_serves_it_to_whoever_sees_the_campaign(admin, client_of, cast, draft):
    data = filled(admin.get(url(draft, "basis"))) | {"basis": "党发〔2026〕1号", "issuer": "市局党委"}
    answer = admin.post(url(draft, "basis"), data | {"upload": SimpleUploadedFile("方案.doc", PDF), "next": "1"})
    assert answer["Location"] == url(draft, "tracks")
    draft.refresh_from_db()
    assert (draft.basis, draft.issuer) == ("党发〔2026〕1号", "市局党委")
    served = admin.get(f"/campaigns/{draft.pk}/plan/")
    assert b"".join(served.streaming_content) == PDF
    assert served["Content-Disposition"].startswith("attachment")
    outside = client_of(cast.clerk)
    assert outside.get(f"/campaigns/{draft.pk}/plan/").status_code == 404
    Campaign.objects.filter(pk=draft.pk).update(status="open")
    assert outside.get(f"/campaigns/{draft.pk}/plan/").status_code == 200


@pytest.mark.parametrize("content", [b"MZ" + b"\0" * 100, b"", b"\x89PNG\r\n\x1a\n"])
def test_basis_refuses_what_is_no_plan_and_keeps_the_words(admin, draft, content):
    data = filled(admin.get(url(draft, "basis"))) | {"basis": "新依据"}
    answer = admin.post(url(draft, "basis"), data | {"upload": SimpleUploadedFile("方案.pdf", content)})
    main = answer.context["page"].main
    assert (answer.status_code, list(main.errors), main["basis"].value()) == (200, ["upload"], "新依据")
    draft.refresh_from_db()
    assert (draft.basis, draft.basis_file.name) == ("", "")


def test_tracks_are_added_reordered_and_removed(admin, draft, tiny_rubric, track):
    data = filled(admin.get(url(draft, "tracks")))
    assert (
        admin.post(url(draft, "tracks"), data | {"more": "tracks"}).context["page"].tables[0].rows.total_form_count()
        == 3
    )
    data |= {
        "tracks-TOTAL_FORMS": "2", "tracks-0-ORDER": "2",
        "tracks-1-award_name": "示范点", "tracks-1-mode": "acceptance", "tracks-1-rubric": tiny_rubric.pk,
        "tracks-1-pass_line": "90", "tracks-1-ORDER": "1",
    }  # fmt: skip
    admin.post(url(draft, "tracks"), data)
    first, second = draft.tracks.all()
    assert [(t.award_name, t.code, t.mode, t.order) for t in (first, second)] == [
        ("示范点", "T2", "acceptance", 1), ("先进支部", "T1", "competition", 2),
    ]  # fmt: skip
    assert (second.pk, first.pass_line, first.notice_days) == (track.pk, 90, 5)
    data = filled(admin.get(url(draft, "tracks"))) | {"tracks-1-DELETE": "on"}
    admin.post(url(draft, "tracks"), data)
    assert [t.award_name for t in draft.tracks.all()] == ["示范点"]


def test_calendar_proposes_days_from_the_plan_s_words(admin, draft, track):
    data = filled(admin.get(url(draft, "calendar", track))) | {
        "stages-0-kind": "apply", "stages-0-name": "申报", "stages-0-date_text": "4月底前", "stages-0-opens_on": "2026-04-01",
        "stages-1-kind": "check", "stages-1-name": "核查", "stages-1-date_text": "5月上旬",
    }  # fmt: skip
    answer = admin.post(url(draft, "calendar", track), data | {"suggest": "1"})
    rows = answer.context["page"].tables[0].rows.forms
    shown = [(r["opens_on"].value(), r["closes_on"].value(), r["inferred"].value()) for r in rows[:2]]
    assert shown == [("2026-04-01", "2026-04-30", True), ("2026-05-01", "2026-05-10", True)]
    assert track.stages.count() == 0
    admin.post(url(draft, "calendar", track), filled(answer) | {"save": "1"})
    assert [(s.kind, s.opens_on, s.closes_on, s.inferred) for s in track.stages.all()] == [
        ("apply", D(2026, 4, 1), D(2026, 4, 30), True),
        ("check", D(2026, 5, 1), D(2026, 5, 10), True),
    ]


def test_calendar_says_beside_a_row_what_its_words_come_to(admin, draft, track):
    track.stages.create(kind="apply", name="申报", order=1, date_text="4月底前", closes_on=D(2026, 4, 20))
    track.stages.create(
        kind="check", name="核查", order=2, date_text="5月", opens_on=D(2026, 5, 1), closes_on=D(2026, 5, 31)
    )
    rows = admin.get(url(draft, "calendar", track)).context["page"].tables[0].rows.forms
    assert [row.hint for row in rows] == ["按方案写法推算：2026年04月30日截止。", ""]


def test_calendar_lets_two_stages_change_their_kinds(admin, draft, track):
    for order, kind in enumerate(("apply", "check"), 1):
        track.stages.create(kind=kind, name=kind, order=order)
    data = filled(admin.get(url(draft, "calendar", track)))
    data |= {"stages-0-kind": "check", "stages-1-kind": "apply"}
    admin.post(url(draft, "calendar", track), data)
    assert [(s.kind, s.name) for s in track.stages.all()] == [("check", "apply"), ("apply", "check")]


@pytest.mark.parametrize(
    ("change", "table", "field"),
    [
        ({"stages-0-closes_on": "2026-03-01"}, 0, "closes_on"),
        ({"stages-1-kind": "apply"}, 0, "kind"),
        ({"stages-1-name": ""}, 0, "name"),
        ({"tasks-0-min_attendance": "80", "tasks-0-kind": "plan"}, 1, "min_attendance"),
        ({"tasks-0-stage": "publish"}, 1, "stage"),
    ],
)
def test_calendar_refuses_and_keeps_what_was_typed(admin, draft, track, change, table, field):
    for order, kind in enumerate(("apply", "check"), 1):
        track.stages.create(kind=kind, name=kind, order=order, opens_on=D(2026, 4, 1))
    data = filled(admin.get(url(draft, "calendar", track))) | {
        "stages-0-name": "换了名字", "tasks-TOTAL_FORMS": "1", "tasks-0-stage": "apply", "tasks-0-kind": "members_meeting",
        "tasks-0-name": "党员大会",
    }  # fmt: skip
    answer = admin.post(url(draft, "calendar", track), data | change)
    page = answer.context["page"]
    wrong = [list(row.errors) for row in page.tables[table].rows.forms if row.errors]
    assert (answer.status_code, wrong) == (200, [[field]])
    assert page.tables[0].rows.forms[0]["name"].value() == "换了名字"
    assert track.stages.filter(name="换了名字").count() == 0


def test_recommending_is_ranked_or_forwarded(admin, draft, track):
    page = url(draft, "recommend", track)
    data = {"way": "rank", "recommend_min": "1", "recommend_max": "5", "self_nomination": "on", "min_members": "3"}
    admin.post(page, data | {"clearance_points": ["name"], "eligibility_note": "近三年无违纪"})
    track.refresh_from_db()
    assert (track.recommend_min, track.recommend_max, track.clearance_points, track.min_members) == (1, 5, ["name"], 3)
    admin.post(page, {"way": "forward", "recommend_max": "5"})
    track.refresh_from_db()
    assert (track.ranked, track.self_nomination, track.min_members) == (False, False, None)


def test_kinds_of_problem_are_named_one_per_line_and_shared_by_further_tracks(admin, draft, track, tiny_rubric):
    page = url(draft, "recommend", track)
    admin.post(page, {"way": "forward", "problem_tags": "两张皮\r\n弱化、虚化\r\n\r\n两张皮"})
    track.refresh_from_db()
    assert track.problem_tags == ["两张皮", "弱化、虚化"]
    assert filled(admin.get(page))["problem_tags"] == "两张皮\n弱化、虚化"
    answer = admin.post(page, {"way": "forward", "problem_tags": "长" * 31})
    assert list(answer.context["page"].main.errors) == ["problem_tags"]
    tracks = filled(admin.get(url(draft, "tracks"))) | {
        "tracks-TOTAL_FORMS": "2", "tracks-1-award_name": "示范点", "tracks-1-mode": "acceptance",
        "tracks-1-rubric": tiny_rubric.pk, "tracks-1-pass_line": "90",
    }  # fmt: skip
    admin.post(url(draft, "tracks"), tracks)
    assert draft.tracks.get(award_name="示范点").problem_tags == ["两张皮", "弱化、虚化"]


@pytest.mark.parametrize(
    ("mode", "kind", "way"),
    [("competition", "recommend", "rank"), ("competition", "forward", "forward"), ("acceptance", "apply", "forward")],
)
def test_the_way_of_recommending_follows_the_calendar(admin, draft, track, mode, kind, way):
    Track.objects.filter(pk=track.pk).update(mode=mode)
    track.stages.create(kind=kind, name="阶段")
    assert admin.get(url(draft, "recommend", track)).context["page"].main["way"].value() == way


@pytest.mark.parametrize(
    ("change", "field"),
    [({"recommend_max": ""}, "recommend_max"), ({"recommend_min": "6"}, "recommend_max"),
     ({"eligible_lines": "派出所、宇航"}, "eligible_lines")],
)  # fmt: skip
def test_recommending_refusals_stand_beside_the_field(admin, draft, track, change, field):
    answer = admin.post(
        url(draft, "recommend", track), {"way": "rank", "recommend_min": "1", "recommend_max": "5"} | change
    )
    assert list(answer.context["page"].main.errors) == [field]


def scoring_rows(*rows):
    data = {"components-TOTAL_FORMS": str(len(rows)), "components-INITIAL_FORMS": "0", "grades-TOTAL_FORMS": "0",
            "grades-INITIAL_FORMS": "0"}  # fmt: skip
    for number, row in enumerate(rows):
        row = {"method": "mean", "over_time": "mean", "ORDER": number + 1, **row}
        data |= {f"components-{number}-{name}": value for name, value in row.items()}
    return data


def test_scoring_gives_codes_and_orders_the_tie_breakers(admin, draft, track):
    data = scoring_rows(
        {"source": "visit", "name": "实地", "weight": "40", "breaker": "2"},
        {"source": "visit", "name": "动态", "weight": "30.5", "breaker": "1", "dimensions": "A"},
        {"source": "check", "name": "资料", "weight": "29.5"},
    )
    admin.post(url(draft, "scoring", track), data | {"self_gap": "3"})
    track.refresh_from_db()
    assert [(c.code, c.weight, c.dimensions) for c in track.components.all()] == [
        ("visit", 40, []), ("visit-2", pytest.approx(30.5), ["A"]), ("check", pytest.approx(29.5), []),
    ]  # fmt: skip
    assert track.tie_breakers == ["visit-2", "visit", "self_gap"]


@pytest.mark.parametrize(
    ("change", "field"),
    [({"dimensions": "A、Z9"}, "dimensions"), ({"weight": "101"}, "weight"), ({"weight": "3.333"}, "weight"),
     ({"trim_from": "2"}, "trim_from"), ({"source": ""}, "source")],
)  # fmt: skip
def test_scoring_refusals_stand_beside_the_field(admin, draft, track, change, field):
    answer = admin.post(
        url(draft, "scoring", track), scoring_rows({"source": "visit", "name": "实地", "weight": "40", **change})
    )
    assert [list(row.errors) for row in answer.context["page"].tables[0].rows.forms] == [[field]]
    assert ScoreComponent.objects.filter(track=track).count() == 0


def test_grades_honours_and_fields_are_rows_of_their_own(admin, draft, track):
    factories.ScoreComponent.objects.create(track=track, source="visit", name="实地", weight=100, order=1)
    data = filled(admin.get(url(draft, "scoring", track))) | {
        "grades-TOTAL_FORMS": "2", "grades-0-name": "优秀", "grades-0-at_least": "90", "grades-0-share": "30",
        "grades-0-component": "visit", "grades-0-component_min": "85", "grades-1-name": "合格", "pass_grade": "合格",
    }  # fmt: skip
    admin.post(url(draft, "scoring", track), data)
    assert [(g.name, g.at_least, g.component, g.component_min) for g in track.grades.all()] == [
        ("优秀", 90, "visit", 85), ("合格", None, "", None),
    ]  # fmt: skip
    data = filled(admin.get(url(draft, "form", track))) | {
        "form_fields-0-label": "创建主题", "form_fields-0-kind": "line", "form_fields-0-required": "on",
        "form_fields-0-ORDER": "1", "form_fields-1-ORDER": "2",
        "honours-TOTAL_FORMS": "1", "honours-0-name": "书记项目", "honours-0-quota": "3",
    }  # fmt: skip
    admin.post(url(draft, "form", track), data)
    assert [(f.key, f.label, f.required) for f in track.form_fields.all()] == [("field1", "创建主题", True)]
    assert [(h.code, h.name, h.quota) for h in track.honours.all()] == [("honour1", "书记项目", 3)]


# Two at once, and who may


def test_two_admins_at_the_same_step_do_not_overwrite_each_other(admin, draft, track):
    first, second = (filled(admin.get(url(draft, "tracks"))) for _ in range(2))
    admin.post(url(draft, "tracks"), first | {"tracks-0-award_name": "甲改的"})
    answer = admin.post(url(draft, "tracks"), second | {"tracks-0-award_name": "乙改的"})
    assert (answer.status_code, "由他人保存过" in answer.context["refusals"][0]) == (200, True)
    assert answer.context["page"].tables[0].rows.forms[0]["award_name"].value() == "乙改的"
    track.refresh_from_db()
    assert track.award_name == "甲改的"
    admin.post(url(draft, "tracks"), filled(answer))
    track.refresh_from_db()
    assert track.award_name == "乙改的"


def test_save_step_of_an_open_campaign_is_refused(tiny_track, cast):
    campaign = Campaign.objects.get(pk=tiny_track.campaign_id)
    assert refused(setup.save_step, campaign, "basis", by=cast.campaign_admin, values={"name": "改"}) == "not_draft"


def test_a_step_of_a_track_that_was_removed_meanwhile_is_refused(draft, track, cast):
    stale = Track.objects.get(pk=track.pk)
    track.delete()
    given = {"track": stale, "values": {"pass_grade": "合格"}, "by": cast.campaign_admin}
    assert refused(setup.save_step, draft, "scoring", **given) == "gone"


def test_a_row_that_is_needed_is_not_removed(cast, tiny_track):
    Campaign.objects.filter(pk=tiny_track.campaign_id).update(status="draft")
    campaign = Campaign.objects.get(pk=tiny_track.campaign_id)
    assert refused(setup.save_step, campaign, "tracks", by=cast.campaign_admin, rows={"tracks": []}) == "in_use"


def test_what_was_changed_stands_in_the_log(admin, draft, track):
    data = filled(admin.get(url(draft, "basis"))) | {"issuer": "市局党委"}
    admin.post(url(draft, "basis"), data)
    (entry,) = AuditEntry.objects.filter(action="campaign.setup")
    assert entry.changes == {"step": "依据", "issuer": ["", "市局党委"]}


def test_open_step_lists_what_is_missing_with_the_way_to_it(admin, draft, track):
    answer = admin.get(url(draft, "open"))
    blocking = {finding.text: where for finding, where in answer.context["blocking"]}
    assert blocking["先进支部：没有“自评申报”阶段。"] == url(draft, "calendar", track)
    assert blocking["先进支部：竞争评选须设名额。"] == url(draft, "tracks")
    approval = {"approved_by": "市局党委", "approval_number": "1号", "approved_on": "2026-01-05", "back": "setup"}
    assert admin.post(f"/campaigns/{draft.pk}/approval/", approval)["Location"] == url(draft, "open")


@pytest.mark.parametrize("step", ["calendar", "recommend", "scoring", "form"])
def test_a_step_without_tracks_leads_to_the_tracks(admin, draft, step):
    assert admin.get(url(draft, step))["Location"] == url(draft, "tracks")


@pytest.mark.parametrize("rows", [1, 3])
def test_calendar_query_count(admin, draft, track, rows, django_assert_num_queries):
    for order, kind in enumerate(("apply", "check", "publish")[:rows], 1):
        stage = track.stages.create(kind=kind, name=kind, order=order)
        stage.tasks.create(kind="other", name="任务", order=1)
    admin.get(url(draft, "calendar", track))
    with django_assert_num_queries(19):
        admin.get(url(draft, "calendar", track))
