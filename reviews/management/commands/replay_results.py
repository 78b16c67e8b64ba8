from django.core.management.base import BaseCommand, CommandError

from reviews.models import ResultSet
from reviews.services.results import replay


class Command(BaseCommand):
    help = "按冻结的输入与方法重算成绩，与冻结的结果逐项比对；完全一致才以 0 退出。"

    def add_arguments(self, parser):
        which = parser.add_mutually_exclusive_group(required=True)
        which.add_argument("result", nargs="?", type=int, metavar="成绩编号")
        which.add_argument("--all", action="store_true", help="全部成绩")

    def handle(self, *args, result, **options):
        sets = ResultSet.objects.select_related("track").order_by("pk")
        if result is not None:
            sets = sets.filter(pk=result)
            if not sets:
                raise CommandError(f"没有编号为{result}的成绩。")
        different = 0
        for frozen in sets:
            problems = replay(frozen)
            different += bool(problems)
            self.stdout.write(f"{frozen.pk} {frozen}：" + ("一致" if not problems else "不一致"))
            for problem in problems:
                self.stdout.write(f"  · {problem}")
        if different:
            raise CommandError(f"{different}份成绩与重算不一致。")
