import pytest
from django.db import DatabaseError, connection, transaction

from branches import audit
from branches.models import AuditEntry

TABLE = "branches_auditentry"


def write(cast, *actions):
    for action in actions:
        with audit.recorded():
            audit.record(action, cast.clerk, by=cast.system_admin, branch=cast.clerk.unit, name=["旧", "新"])


def raw(sql, *values):
    with connection.cursor() as cursor:
        cursor.execute(sql, values)


@pytest.fixture
def unguarded(db):
    """The log as somebody with the database's password could make it: its triggers dropped."""
    if connection.vendor == "sqlite":
        raw("DROP TRIGGER audit_no_update")
        raw("DROP TRIGGER audit_no_delete")
    else:
        raw(f"DROP TRIGGER audit_no_change ON {TABLE}")


def test_record_chains_entries(cast):
    write(cast, "one", "two", "three")
    first, second, third = AuditEntry.objects.order_by("seq")
    assert [entry.seq for entry in (first, second, third)] == [1, 2, 3]
    assert (first.previous_hash, second.previous_hash, third.previous_hash) == ("", first.hash, second.hash)
    assert (first.actor_label, first.origin) == (f"{cast.system_admin.name}（{cast.system_admin.police_no}）", "系统")


def test_record_outside_a_transaction_is_a_mistake(cast):
    with pytest.raises(RuntimeError):
        audit.record("one", cast.clerk, by=None)


def test_nothing_is_recorded_when_the_act_fails(cast):
    with pytest.raises(ValueError, match="broken"), audit.recorded():
        audit.record("one", cast.clerk, by=None)
        raise ValueError("broken")
    assert AuditEntry.objects.count() == 0


def test_nested_blocks_are_written_once_and_together(cast):
    with audit.recorded():
        audit.record("outer", cast.clerk, by=None)
        with audit.recorded():
            audit.record("inner", cast.clerk, by=None)
        assert AuditEntry.objects.count() == 0
    assert list(AuditEntry.objects.order_by("seq").values_list("action", flat=True)) == ["outer", "inner"]


def test_origin_names_the_address(cast):
    with audit.origin("10.0.0.7"):
        write(cast, "one")
    assert AuditEntry.objects.get().origin == "10.0.0.7"


@pytest.mark.parametrize("sql", [f"UPDATE {TABLE} SET action = 'x'", f"DELETE FROM {TABLE}"])
def test_raw_sql_is_refused_by_the_database(cast, sql):
    write(cast, "one")
    with pytest.raises(DatabaseError, match="append-only"), transaction.atomic():
        raw(sql)
    assert AuditEntry.objects.get().action == "one"


def test_verify_accepts_an_untouched_log(cast):
    write(cast, "one", "two")
    assert audit.verify() == (2, "")


def test_verify_of_an_empty_log(db):
    assert audit.verify() == (0, "")


def test_verify_finds_a_forged_row(cast, unguarded):
    write(cast, "one", "two", "three")
    raw(f"UPDATE {TABLE} SET actor_label = %s WHERE seq = 2", "别人")
    assert audit.verify() == (2, "第 2 条与哈希不符：内容或次序被改动过。")


def test_verify_finds_a_missing_row(cast, unguarded):
    write(cast, "one", "two", "three")
    raw(f"DELETE FROM {TABLE} WHERE seq = 2")
    assert audit.verify() == (2, "第 2 条缺失：下一条的序号是 3。")


def test_verify_finds_a_cut_off_end(cast, unguarded):
    write(cast, "one", "two")
    raw(f"DELETE FROM {TABLE} WHERE seq = 2")
    assert audit.verify() == (1, "链头记有 2 条，实际只有 1 条：末尾被删除过。")


def test_log_is_visible_to_the_auditor_alone(cast):
    write(cast, "one")
    seen = {key for key, user in cast.everybody.items() if AuditEntry.objects.visible_to(user).exists()}
    assert seen == {"auditor"}


def test_matching_filters_combine(cast, bureau):
    write(cast, "one", "two")
    find = AuditEntry.objects.matching
    assert find(action="one", q=cast.system_admin.police_no, target="user", branch=bureau.county_a).count() == 1
    assert find(branch=bureau.county_b).count() == 0
    assert find(target="campaign").count() == 0
