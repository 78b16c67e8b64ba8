"""`make bench`: pages and saves as ratios to an empty page, at two sizes; one PDF as a ratio to bare WeasyPrint;
a thousand criteria from a workbook."""

import json
import os
import subprocess
import sys
import tempfile
from typing import Any

from django.core.management.base import BaseCommand
from django.test.utils import override_settings

AIMS = {"list": 12.0, "desk": 12.0, "save": 8.0, "sheet": 8.0, "autosave": 4.0}


class Command(BaseCommand):
    help = "测量各页面与PDF的耗时，结果是与同一次运行中基准的比值"

    def add_arguments(self, parser):
        parser.add_argument("--sizes", type=int, nargs="+", default=[120, 5000], help="申报数")
        parser.add_argument("--repeat", type=int, default=25)
        parser.add_argument("--notices", type=int, default=5000, help="发件箱一项发多少条通知")
        parser.add_argument("--stages", nargs="+", default=["dynamic", "result"])
        parser.add_argument(
            "--part", choices=["pages", "ours", "bare", "workbooks", "outbox"], help="内部使用：在子进程中测一部分"
        )

    def handle(self, *args: Any, **options: Any) -> None:
        if options["part"]:
            self.stdout.write(_part(options["part"], options["repeat"]))
            return
        tables = {}
        for size in options["sizes"]:
            merged: dict[str, dict[str, Any]] = {}
            for stage in options["stages"]:
                with tempfile.TemporaryDirectory() as folder:
                    env = _environment(folder)
                    _load(env, size, stage)
                    for row in json.loads(_child(env, "pages", options["repeat"])):
                        merged.setdefault(row["name"], row)
                    if size == options["sizes"][0] and stage == options["stages"][0]:
                        documents = {part: json.loads(_child(env, part, 12)) for part in ("bare", "ours")}
                        workbooks = json.loads(_child(env, "workbooks", 3))
            tables[size] = merged
        self._pages(tables)
        self._documents(documents)
        self._workbooks(workbooks)
        with tempfile.TemporaryDirectory() as folder:
            env = _environment(folder)
            _manage(env, "migrate", "--verbosity", "0")
            self._outbox(json.loads(_child(env, "outbox", options["notices"])))

    def _pages(self, tables: dict[int, dict[str, dict[str, Any]]]) -> None:
        sizes = list(tables)
        heads = "".join(f"  {size:>6}份: CPU ms   比值 查询  kB" for size in sizes)
        self.stdout.write(f"{'页面':<24}{heads}   目标  判定")
        for name, first in tables[sizes[0]].items():
            rows = [tables[size].get(name) for size in sizes]
            cells = "".join(
                f"  {row['cpu_ms']:>15.1f} {row['ratio']:>6.1f} {row['queries']:>4} {row['size_kb']:>4.0f}"
                if row else " " * 34
                for row in rows
            )  # fmt: skip
            self.stdout.write(f"{_padded(name, 24)}{cells}   {_verdict(first['kind'], rows)}")
        self._outlines([row for row in tables[sizes[0]].values() if row["kind"] == "outline"])

    def _outlines(self, rows: list[dict[str, Any]]) -> None:
        """The standards editor: what a criterion costs in a long rubric beside what it costs in R2."""
        if len(rows) == 2:
            short, long = (row["cpu_ms"] / float(_number(row["name"])) for row in rows)
            self.stdout.write(
                f"标准编辑：每项 {long:.3f} ms，R2每项 {short:.3f} ms；比值 {long / short:.2f}（目标 ≤ 1.50）；"
                f"查询 {rows[1]['queries']}，R2 {rows[0]['queries']}"
            )

    def _documents(self, documents: dict[str, dict[str, float]]) -> None:
        ours, bare = documents["ours"], documents["bare"]
        self.stdout.write(
            f"\n申报表PDF：每份 {ours['cpu_s']:.3f} s、峰值 {ours['peak_mb']:.0f} MB、{ours['kb']:.0f} kB；"
            f"直接用WeasyPrint {bare['cpu_s']:.3f} s、{bare['peak_mb']:.0f} MB；"
            f"比值 {ours['cpu_s'] / bare['cpu_s']:.2f}（目标 ≤ 1.30），内存比 {ours['peak_mb'] / bare['peak_mb']:.2f}"
        )

    def _workbooks(self, found: dict[str, float]) -> None:
        self.stdout.write(
            f"导入工作簿：{found['criteria']}项 {found['cpu_s']:.2f} s（目标 ≤ 5.00），查询 {found['queries']}；"
            f"文字极长的表 {found['wordy_s']:.2f} s"
        )

    def _outbox(self, found: dict[str, float]) -> None:
        growth = found["last_mb"] / found["first_mb"] - 1
        self.stdout.write(
            f"发件箱：{found['count']}条通知写入{found['write_s']:.1f} s、发出{found['drain_s']:.1f} s"
            f"（每秒{found['per_second']:.0f}条），重复{found['twice']}条、没有发出{found['left']}条；"
            f"只写库加只发信 {found['bare_s']:.1f} s，比值 {found['ratio']:.2f}；"
            f"内存 {found['first_mb']:.0f} MB → {found['last_mb']:.0f} MB（{growth:+.0%}，目标 ≤ 10%）"
        )


def _verdict(kind: str, rows: list[dict[str, Any] | None]) -> str:
    if kind not in AIMS:
        return ""
    found = [row for row in rows if row]
    problems = [f"HTTP {row['status']}" for row in found if row["status"] >= 400]
    if any(row["ratio"] > AIMS[kind] for row in found):
        problems.append("超过目标")
    if len(found) > 1:
        small, large = min(row["ratio"] for row in found), max(row["ratio"] for row in found)
        if small and large / small > 1.2:
            problems.append(f"两个规模相差{(large / small - 1) * 100:.0f}%")
        if len({row["queries"] for row in found}) > 1:
            problems.append("查询数不同")
    return f"≤{AIMS[kind]:.0f}  " + ("、".join(problems) or "达到")


def _number(name: str) -> str:
    return "".join(char for char in name if char.isdigit())


def _padded(text: str, width: int) -> str:
    """Chinese characters take two columns."""
    return text + " " * max(width - sum(2 if ord(char) > 0x2E80 else 1 for char in text), 1)


def _environment(folder: str) -> dict[str, str]:
    env = {key: value for key, value in os.environ.items() if key not in ("DATABASE_URL", "REDIS_URL", "DEBUG")}
    return {**env, "DATA_DIR": folder, "LOG_LEVEL": "ERROR", "DEBUG": "0"}


def _manage(env: dict[str, str], *arguments: str) -> str:
    command = [sys.executable, "manage.py", *arguments]
    done = subprocess.run(command, env=env, capture_output=True, text=True, check=False)  # noqa: S603
    if done.returncode:
        raise SystemExit(f"{' '.join(arguments)} 失败：\n{done.stdout}\n{done.stderr}")
    return done.stdout


def _load(env: dict[str, str], size: int, stage: str) -> None:
    _manage(env, "migrate", "--verbosity", "0")
    _manage(env, "load_plans", "--verbosity", "0")
    _manage(env, "load_demo", "--stage", stage, "--applications", str(size), "--verbosity", "0")


def _child(env: dict[str, str], part: str, repeat: int) -> str:
    return _manage(env, "bench", "--part", part, "--repeat", str(repeat)).strip().splitlines()[-1]


def _part(part: str, repeat: int) -> str:
    # Imported here: the parent process only starts others and must not load the heavy parts.
    from reviews.bench import documents, outbox, pages, workbooks

    if part == "pages":
        plain = {"staticfiles": {"BACKEND": "django.contrib.staticfiles.storage.StaticFilesStorage"},
                 "default": {"BACKEND": "django.core.files.storage.FileSystemStorage"}}  # fmt: skip
        with override_settings(ROOT_URLCONF="reviews.bench.floor", STORAGES=plain, ALLOWED_HOSTS=["testserver"]):
            return pages.as_json(pages.measure(repeat))
    if part == "outbox":
        return outbox.as_json(outbox.measure(repeat))
    if part == "workbooks":
        return workbooks.as_json(workbooks.measure(repeat))
    return documents.as_json(documents.ours(repeat) if part == "ours" else documents.bare(repeat))
