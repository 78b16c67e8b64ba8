"""Every notice that was or is to be mailed gets its delivery; every notice its own number."""

import uuid

from django.db import migrations

CHUNK = 1000
# What was being sent when the old program ended may or may not have arrived.
STATES = {"pending": "pending", "sending": "doubt", "sent": "sent", "failed": "failed"}


def carry_over(apps, schema_editor):
    notices = apps.get_model("branches", "Notice").objects
    deliveries = apps.get_model("branches", "Delivery")
    last = 0
    while True:
        rows = list(notices.filter(pk__gt=last).order_by("pk")[:CHUNK])
        if not rows:
            return
        for row in rows:
            row.uid = uuid.uuid4()
        notices.bulk_update(rows, ["uid"], batch_size=200)
        deliveries.objects.bulk_create(
            deliveries(
                notice=row,
                channel="mail",
                state=STATES[row.mail],
                not_before=row.created_at,
                claimed_at=row.claimed_at,
                sent_at=row.sent_at,
                error=row.error,
            )
            for row in rows
            if row.mail in STATES
        )
        last = rows[-1].pk


def carry_back(apps, schema_editor):
    notices = apps.get_model("branches", "Notice").objects
    back = {"pending": "pending", "sending": "failed", "doubt": "failed", "sent": "sent", "failed": "failed"}
    for row in apps.get_model("branches", "Delivery").objects.filter(channel="mail", state__in=back).iterator():
        notices.filter(pk=row.notice_id).update(
            mail=back[row.state], claimed_at=row.claimed_at, sent_at=row.sent_at, error=row.error
        )


class Migration(migrations.Migration):
    dependencies = [("branches", "0005_add_deliveries")]

    operations = [migrations.RunPython(carry_over, carry_back)]
