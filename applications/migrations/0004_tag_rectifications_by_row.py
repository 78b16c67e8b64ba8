import django.db.models.deletion
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("applications", "0003_add_workplace_records"),
        ("standards", "0003_add_problem_tags_and_field_sources"),
    ]

    operations = [
        # Nothing has been able to write these tables yet: no row needs a value.
        migrations.RemoveField(
            model_name="rectification",
            name="tags",
        ),
        migrations.AddField(
            model_name="selfcheck",
            name="rubric",
            field=models.ForeignKey(
                default=0,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="+",
                to="standards.rubric",
                verbose_name="对照标准",
            ),
            preserve_default=False,
        ),
        migrations.AlterField(
            model_name="rectification",
            name="criterion",
            field=models.ForeignKey(
                blank=True,
                null=True,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="+",
                to="standards.criterion",
                verbose_name="对应指标",
            ),
        ),
        migrations.CreateModel(
            name="RectificationTag",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("name", models.CharField(max_length=30, verbose_name="问题类型")),
                (
                    "rectification",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="tags",
                        to="applications.rectification",
                    ),
                ),
            ],
            options={
                "verbose_name": "问题类型",
                "verbose_name_plural": "问题类型",
                "ordering": ["pk"],
                "indexes": [models.Index(fields=["name"], name="application_name_66f3d4_idx")],
                "constraints": [
                    models.UniqueConstraint(fields=("rectification", "name"), name="applications_tagged_once")
                ],
            },
        ),
    ]
