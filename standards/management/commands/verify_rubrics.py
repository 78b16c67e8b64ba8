from typing import Any

from django.core.management.base import BaseCommand, CommandError

from standards.models import Rubric
from standards.services import rubrics


class Command(BaseCommand):
    help = "重新计算每套已发布标准的内容哈希，与发布时所存、审计日志所记核对；有出入即报错。"

    def handle(self, *args: Any, **options: Any) -> None:
        found = [f"{rubric}：{what}" for rubric, what in rubrics.altered_rubrics()]
        if found:
            raise CommandError("\n".join(found))
        if options["verbosity"]:
            number = Rubric.objects.exclude(status=Rubric.Status.DRAFT).count()
            self.stdout.write(f"{number}套已发布的标准与发布时完全一致。")
