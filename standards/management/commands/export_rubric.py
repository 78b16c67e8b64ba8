from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from standards.models import Rubric
from standards.workbooks import writing


class Command(BaseCommand):
    help = "把一套评分标准写成 Excel 工作簿；再导入得到一模一样的内容。"

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("code", help="评分标准的编码")
        parser.add_argument("file", type=Path, help="写到哪个文件（.xlsx）")
        parser.add_argument("--rubric-version", type=int, help="第几版，默认最新一版")

    def handle(self, *args: Any, **options: Any) -> None:
        versions = Rubric.objects.filter(code=options["code"]).order_by("-version")
        if options["rubric_version"] is not None:
            versions = versions.filter(version=options["rubric_version"])
        rubric = versions.first()
        if rubric is None:
            raise CommandError(f"没有评分标准 {options['code']}，或没有这一版。")
        try:
            options["file"].write_bytes(writing.write(rubric))
        except OSError as error:
            raise CommandError(f"写不进 {options['file']}：{error.strerror}") from None
        if options["verbosity"]:
            self.stdout.write(f"已写出 {rubric}：{options['file']}")
