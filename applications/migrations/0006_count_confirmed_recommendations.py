from django.db import migrations


def count(apps, schema_editor):
    """What was confirmed before: how many, and for its applications who handed them up and when."""
    lists = apps.get_model("applications", "RecommendationList")
    applications = apps.get_model("applications", "Application")
    for ranking in lists.objects.filter(confirmed_at__isnull=False):
        ranked = [place.application_id for place in ranking.places.all()]
        lists.objects.filter(pk=ranking.pk).update(confirmed_number=max(len(ranked), 1))
        applications.objects.filter(pk__in=ranked, handed_up_at=None).update(
            handed_up_at=ranking.confirmed_at, handed_up_by=ranking.confirmed_by
        )


class Migration(migrations.Migration):
    dependencies = [("applications", "0005_record_hands_of_lists_and_vetoes")]

    operations = [migrations.RunPython(count, migrations.RunPython.noop)]
