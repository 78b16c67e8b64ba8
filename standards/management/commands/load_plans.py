from pathlib import Path
from typing import Any

from django.core.exceptions import ValidationError
from django.core.management.base import BaseCommand, CommandError, CommandParser

from branches import audit
from standards import loading


class Command(BaseCommand):
    help = "读入方案文件：新建或更新草稿，发布评分标准；已发布的标准和已开启的活动不改动。可重复运行。"

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument(
            "folder", nargs="?", type=Path, default=loading.PLANS, help="方案文件夹，默认为自带的两套方案"
        )
        parser.add_argument("--new-only", action="store_true", help="只新建，已有草稿也不改动")

    def handle(self, *args: Any, **options: Any) -> None:
        try:
            with audit.origin("命令 load_plans"):
                said = loading.load(loading.read(options["folder"]), new_only=options["new_only"])
        except ValidationError as error:
            raise CommandError("方案未读入，数据库没有改动：\n" + "\n".join(f"· {m}" for m in error.messages)) from None
        for line in said if options["verbosity"] else []:
            self.stdout.write(line)
