"""The whole demo in one transaction: plans if need be, the bureau, both campaigns, the notices laid to rest."""

from random import Random

from django.utils import timezone

from branches import audit
from branches.models import Delivery, Notice
from reviews.demo import bureau as bureaus
from reviews.demo import demonstration, files, reminding, strongest
from standards import loading
from standards.models import Campaign

# Beyond this many branches the second campaign stays a draft: such a size is for measuring one long list.
BOTH_CAMPAIGNS_UP_TO = 300
# What people have not read yet; everything else counts as seen long ago.
UNREAD = ("application.returned", "assignment.new", "application.published", "application.named", "conflict.declared")


def load(*, stage: str, seed: int, size: int | None = None) -> None:
    """Fill an empty database. Every act by a service is in the audit log under the command's name; no mail goes out."""
    with audit.origin("命令 load_demo"), audit.recorded():
        if not Campaign.objects.filter(code="S2").exists():
            loading.load(loading.read(), new_only=True)
        bureau = bureaus.build(Random(f"{seed}/bureau"), size=size)  # noqa: S311
        audit.record("demo.load", bureau.city, by=None, branch=bureau.city, stage=stage, seed=seed)
        samples = files.samples()
        strongest.load(Campaign.objects.get(code="S2"), bureau, samples, stage=stage, seed=seed)
        if len(bureau.branches) <= BOTH_CAMPAIGNS_UP_TO:
            demonstration.load(Campaign.objects.get(code="S1"), bureau, samples, seed=seed)
        Delivery.objects.all().delete()
        if len(bureau.branches) <= BOTH_CAMPAIGNS_UP_TO:
            reminding.load(seed=seed)
        Notice.objects.exclude(kind__in=UNREAD).update(read_at=timezone.now())
