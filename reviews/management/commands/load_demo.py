import time
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from applications.models import Application
from branches.models import Branch
from reviews.demo import loader
from reviews.demo.strongest import STAGES


class Command(BaseCommand):
    help = "在空库中载入演示数据：一个市局、各职务人员、两套方案，“最强支部”活动停在指定阶段。相同种子得到相同数据。"

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--stage", choices=STAGES, default="dynamic", help="活动停在哪个阶段（默认 dynamic）")
        parser.add_argument("--seed", type=int, default=2026, help="随机种子（默认 2026）")
        parser.add_argument("--applications", type=int, metavar="N", help="约N个党支部参评，用于性能测量；默认约125个")
        parser.add_argument("--if-empty", action="store_true", help="已有党组织时什么也不做")

    def handle(self, *args: Any, **options: Any) -> None:
        if Branch.objects.exists():
            if options["if_empty"]:
                return
            raise CommandError("数据库里已有党组织，演示数据只能载入空库。要重来请运行 make demo（会清空内置数据库）。")
        size = options["applications"]
        if size is not None and size < 12:
            raise CommandError("--applications 至少为 12。")
        begun = time.monotonic()
        loader.load(stage=options["stage"], seed=options["seed"], size=size)
        if options["verbosity"]:
            self.stdout.write(
                f"演示数据已载入：{Branch.objects.count()}个党组织，{Application.objects.count()}份申报，"
                f"停在 {options['stage']} 阶段，用时{time.monotonic() - begun:.1f}秒。登录名见 manage.py demo_logins。"
            )
