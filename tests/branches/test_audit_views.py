import ast
import pathlib

import pytest
from django.db import connection
from django.urls import reverse

from branches import audit, audit_labels, services
from branches.models import AuditEntry
from tests.factories import days

ROOT = pathlib.Path(__file__).resolve().parent.parent.parent


@pytest.fixture
def auditor(client_of, cast):
    return client_of(cast.auditor)


def act(cast, number):
    for turn in range(number):
        services.change_account(cast.clerk, by=cast.system_admin, phone=str(turn))


def test_audit_of_others_is_403(client_of, cast):
    codes = {key: client_of(user).get("/audit/").status_code for key, user in cast.everybody.items()}
    assert {key for key, code in codes.items() if code == 200} == {"auditor"}
    assert set(codes.values()) == {200, 403}


@pytest.mark.parametrize("rows", [1, 3])
def test_audit_query_count(auditor, cast, rows, django_assert_num_queries):
    act(cast, rows)
    auditor.get("/audit/")  # the first page of a session also notes when it was seen
    # session, user, grants, units of the filter, count, rows, unread notices
    with django_assert_num_queries(7):
        page = auditor.get("/audit/").context["page_obj"]
    assert len(page.object_list) == rows


@pytest.mark.parametrize(
    ("query", "found"),
    [
        ("action=account.change", 1),
        ("action=grant.give", 0),
        ("target=user", 1),
        ("target=campaign", 0),
        (f"since={days(0)}&until={days(0)}", 1),
        (f"until={days(-1)}", 0),
        (f"since={days(1)}", 0),
        ("since=junk", 1),
        ("q=系统管理员", 1),
    ],
)
def test_audit_filters(auditor, cast, query, found):
    act(cast, 1)
    assert len(auditor.get(f"/audit/?{query}").context["page_obj"].object_list) == found


def test_audit_shows_before_and_after(auditor, cast):
    cast.clerk.phone = ""
    act(cast, 1)
    page = auditor.get("/audit/").content.decode()
    assert "<del>（空）</del>" in page
    assert "<ins>0</ins>" in page


def test_audit_is_paged_by_fifty(auditor, cast):
    with audit.recorded():
        for _ in range(51):
            audit.record("session.login", cast.clerk, by=cast.clerk)
    assert len(auditor.get("/audit/?page=2").context["page_obj"].object_list) == 1


def verdict(auditor):
    answer = auditor.post("/audit/verify/", follow=True)
    return [str(message) for message in answer.context["messages"]]


def test_verify_tells_that_the_chain_holds(auditor, cast):
    act(cast, 2)
    assert verdict(auditor) == ["审计链完整：共校验2条，逐条相连，未见改动。"]


def test_verify_tells_what_is_wrong(auditor, cast):
    act(cast, 2)
    with connection.cursor() as cursor:
        sqlite = connection.vendor == "sqlite"
        cursor.execute(
            "DROP TRIGGER audit_no_update" if sqlite else "DROP TRIGGER audit_no_change ON branches_auditentry"
        )
        cursor.execute("UPDATE branches_auditentry SET origin = 'x' WHERE seq = 1")
    assert verdict(auditor) == [
        "审计链校验未通过：第 1 条与哈希不符：内容或次序被改动过。请立即保全数据库并报告信息安全部门。"
    ]


def test_every_action_written_in_code_has_a_label():
    written = set()
    for app in ("branches", "standards", "applications", "reviews"):
        for path in (ROOT / app).rglob("*.py"):
            for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
                name = ast.unparse(node.func) if isinstance(node, ast.Call) else ""
                if name.endswith("audit.record") and isinstance(node.args[0], ast.Constant):
                    written.add(node.args[0].value)
    assert {code for code in written if code not in audit_labels.ACTIONS} == set()


def test_every_transition_has_a_label():
    from applications.states import TABLE

    assert {action for action in TABLE if f"application.{action}" not in audit_labels.ACTIONS} == set()


def test_log_of_a_page_names_the_address(client_of, cast):
    client_of(cast.system_admin).post(f"/people/{cast.clerk.pk}/active/", {"active": "0"}, REMOTE_ADDR="10.1.2.3")
    assert AuditEntry.objects.get().origin == "10.1.2.3"


def test_long_changes_are_folded_and_shown_whole_on_their_own(client_of, cast):
    order = [f"支部{number}" for number in range(200)]
    with audit.recorded():
        audit.record("panel.assign", cast.clerk, by=cast.campaign_admin, order=order)
    entry = AuditEntry.objects.first()
    auditor = client_of(cast.auditor)
    assert "支部199" not in auditor.get(reverse("branches:audit")).content.decode()
    alone = auditor.get(reverse("branches:audit"), {"entry": entry.seq})
    assert ("支部199" in alone.content.decode(), len(alone.context["page_obj"].object_list)) == (True, 1)
    assert auditor.get(reverse("branches:audit"), {"entry": "9" * 30}).status_code == 200
