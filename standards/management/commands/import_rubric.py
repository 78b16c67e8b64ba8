from pathlib import Path
from typing import Any

from django.core.exceptions import ValidationError
from django.core.management.base import BaseCommand, CommandError, CommandParser

from branches import audit
from standards.services.importing import import_rubric
from standards.workbooks import reading, safety


class Command(BaseCommand):
    help = "从 Excel 工作簿导入评分标准，成为其编码的下一个草稿版本；有任何问题就逐条列出，什么都不写入。"

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("file", type=Path, help="工作簿（.xlsx），模板格式或单位自己的四至六列表格")
        parser.add_argument("--publish", action="store_true", help="导入后随即发布")
        parser.add_argument("--code", help="编码；自己的表格里没有编码，必须写明")

    def handle(self, *args: Any, **options: Any) -> None:
        path: Path = options["file"]
        try:
            if not path.is_file():
                raise ValidationError(f"没有这个文件：{path}")
            with path.open("rb") as file:
                draft = reading.read(file.read(safety.MOST_BYTES + 1))
            if options["code"]:
                draft.set_code(options["code"])
            with audit.origin("命令 import_rubric"):
                rubric = import_rubric(draft, by=None, publish=options["publish"])
        except ValidationError as error:
            lines = "\n".join(f"· {message}" for message in error.messages)
            raise CommandError(f"没有导入，数据库没有改动：\n{lines}") from None
        if options["verbosity"]:
            self.stdout.write(f"已导入 {rubric}：{rubric.get_status_display()}，{len(draft.lines)}行。")
            for problem in draft.unsound if rubric.is_draft else []:
                self.stdout.write(f"· 发布前还须改：{problem}" if not problem.warning else f"· 请留意：{problem}")
