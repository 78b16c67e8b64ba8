"""Triggers that refuse any change to the audit log, on SQLite and on PostgreSQL, and the head row of the chain."""

from django.db import migrations

SQLITE = [
    """CREATE TRIGGER audit_no_update BEFORE UPDATE ON branches_auditentry
       BEGIN SELECT RAISE(ABORT, 'audit log is append-only'); END""",
    """CREATE TRIGGER audit_no_delete BEFORE DELETE ON branches_auditentry
       BEGIN SELECT RAISE(ABORT, 'audit log is append-only'); END""",
    """CREATE TRIGGER audit_head_stays BEFORE DELETE ON branches_audithead
       BEGIN SELECT RAISE(ABORT, 'audit log is append-only'); END""",
    """CREATE TRIGGER audit_head_grows BEFORE UPDATE ON branches_audithead WHEN NEW.last_seq < OLD.last_seq
       BEGIN SELECT RAISE(ABORT, 'audit log is append-only'); END""",
]
# Emptying whole tables is refused too, but for a test database that says so in its own connection.
POSTGRESQL = [
    """CREATE FUNCTION audit_refuse() RETURNS trigger AS $$
       BEGIN
         IF TG_OP = 'TRUNCATE' AND current_setting('branches.allow_truncate', true) = 'on' THEN RETURN NULL; END IF;
         RAISE EXCEPTION 'audit log is append-only';
       END $$ LANGUAGE plpgsql""",
    """CREATE TRIGGER audit_no_change BEFORE UPDATE OR DELETE ON branches_auditentry
       FOR EACH ROW EXECUTE FUNCTION audit_refuse()""",
    """CREATE TRIGGER audit_no_truncate BEFORE TRUNCATE ON branches_auditentry
       FOR EACH STATEMENT EXECUTE FUNCTION audit_refuse()""",
    """CREATE TRIGGER audit_head_stays BEFORE DELETE ON branches_audithead
       FOR EACH ROW EXECUTE FUNCTION audit_refuse()""",
    """CREATE TRIGGER audit_head_grows BEFORE UPDATE ON branches_audithead
       FOR EACH ROW WHEN (NEW.last_seq < OLD.last_seq) EXECUTE FUNCTION audit_refuse()""",
]
UNDO_SQLITE = [
    f"DROP TRIGGER {name}" for name in ("audit_no_update", "audit_no_delete", "audit_head_stays", "audit_head_grows")
]
UNDO_POSTGRESQL = ["DROP FUNCTION audit_refuse() CASCADE"]


def forwards(apps, schema_editor):
    for statement in SQLITE if schema_editor.connection.vendor == "sqlite" else POSTGRESQL:
        schema_editor.execute(statement)
    apps.get_model("branches", "AuditHead").objects.get_or_create(pk=1)


def backwards(apps, schema_editor):
    for statement in UNDO_SQLITE if schema_editor.connection.vendor == "sqlite" else UNDO_POSTGRESQL:
        schema_editor.execute(statement)


class Migration(migrations.Migration):
    dependencies = [("branches", "0001_initial")]
    operations = [migrations.RunPython(forwards, backwards)]
