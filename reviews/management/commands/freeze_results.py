from django.core.exceptions import ValidationError
from django.core.management.base import BaseCommand, CommandError

from branches import audit
from reviews.services.results import freeze_results
from standards.models import Track


class Command(BaseCommand):
    help = "计算一条轨道的成绩并冻结为新的一稿。"

    def add_arguments(self, parser):
        parser.add_argument("track", metavar="轨道编码", help="例如 T3-2023")

    def handle(self, *args, track, **options):
        found = list(Track.objects.filter(code=track))
        if len(found) != 1:
            raise CommandError(f"找到{len(found)}条编码为“{track}”的轨道，须恰好一条。")
        try:
            with audit.origin("命令 freeze_results"):
                result = freeze_results(found[0], by=None)
        except ValidationError as refusal:
            raise CommandError("\n".join(refusal.messages)) from refusal
        self.stdout.write(f"{result}：{result.rows.count()}个支部，输入哈希 {result.inputs_hash}")
        if result.blocked:
            self.stdout.write(f"不能定案：{result.blocked}")
