import uuid

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("branches", "0006_carry_mails_over")]

    operations = [
        migrations.AlterField(
            model_name="notice",
            name="uid",
            field=models.UUIDField(default=uuid.uuid4, editable=False),
        ),
        migrations.RemoveIndex(
            model_name="notice",
            name="branches_no_recipie_6425d5_idx",
        ),
        migrations.RemoveIndex(
            model_name="notice",
            name="branches_outbox",
        ),
        migrations.RemoveField(
            model_name="notice",
            name="claimed_at",
        ),
        migrations.RemoveField(
            model_name="notice",
            name="error",
        ),
        migrations.RemoveField(
            model_name="notice",
            name="mail",
        ),
        migrations.RemoveField(
            model_name="notice",
            name="sent_at",
        ),
        migrations.AddConstraint(
            model_name="notice",
            constraint=models.UniqueConstraint(fields=("uid",), name="branches_notice_uid"),
        ),
    ]
