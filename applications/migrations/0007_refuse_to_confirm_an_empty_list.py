from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("applications", "0006_count_confirmed_recommendations")]

    operations = [
        migrations.AddConstraint(
            model_name="recommendationlist",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    ("confirmed_at", None),
                    models.Q(("confirmed_number__gte", 1), ("confirmed_number__isnull", False)),
                    _connector="OR",
                ),
                name="applications_confirmed_not_empty",
            ),
        ),
    ]
