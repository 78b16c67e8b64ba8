"""The floors of the house: which app may import which, and which file may import which inside an app."""

import ast
import pathlib

import pytest

ROOT = pathlib.Path(__file__).resolve().parent.parent
APPS = ["branches", "standards", "applications", "reviews"]
# Inside an app: a file imports only from the rows above its own (STYLE: states, models, rules, services, edges, views).
ROWS = [
    {"roles", "states", "scoring", "ranking", "wording", "audit_labels", "navigation", "measures"},
    {"models"},
    {
        "rules",
        "audit",
        "health",
        "keys",
        "keeping",
        "answers",
        "drawing",
        "printing",
        "radar",
        "sheets",
        "last_round",
        "completeness",
        "marks",
        "progress",
        "columns",
        "second_look",
        "ready",
        "gathering",
        "method_words",
        "calculation",
        "soundness",
        "differences",
        "calendar_words",
        "eligibility",
        "library",
        "consequences",
        "readiness",
        "workbooks",
        "deadlines",
        "workdays",
        "snapshots",
        "changes",
        "prefill",
        "uploads",
        "typesetting",
        "channels",
    },
    {"notices", "todo", "reminding", "outbox", "jobs", "services", "ledger"},
    {
        "obligations",
        "handed_up",
        "reminders",
        "scheduling",
        "overview",
        "desk",
        "self_check_facts",
        "coverage",
        "coverage_sheet",
        "differences_sheet",
        "pdf",
        "loading",
        "reminder_preview",
        "rescoring",
        "trial",
        "tasks",
        "bench",
        "demo",
        "management",
        "checks",
        "auth",
        "context",
        "middleware",
    },
    {
        "forms",
        "forms_plan",
        "forms_committee",
        "forms_self_checks",
        "forms_evidence",
        "forms_inspecting",
        "forms_reminders",
        "forms_trial",
        "templatetags",
    },
    {"views"},
    {"urls_committee", "urls_campaigns", "urls_rubrics", "urls_study", "urls_self_checks"},
    {"urls", "apps"},
]


def sources():
    for app in APPS:
        for path in sorted((ROOT / app).rglob("*.py")):
            if "migrations" not in path.parts:
                yield app, path


def imports(path: pathlib.Path):
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module:
            yield node.module
            yield from (f"{node.module}.{alias.name}" for alias in node.names)


def row_of(part: str) -> int | None:
    return next((number for number, names in enumerate(ROWS) if part in names), None)


def test_apps_import_only_downwards():
    wrong = {
        f"{path.relative_to(ROOT)} imports {module}"
        for app, path in sources()
        for module in imports(path)
        if module.split(".")[0] in APPS and APPS.index(module.split(".")[0]) > APPS.index(app)
    }
    assert wrong == set()


def test_nothing_but_config_imports_config():
    wrong = {
        f"{path.relative_to(ROOT)} imports {module}"
        for _, path in sources()
        for module in imports(path)
        if module.split(".")[0] == "config"
    }
    assert wrong == set()


def test_files_inside_an_app_import_only_from_rows_above():
    wrong = set()
    for app, path in sources():
        own = path.relative_to(ROOT / app).parts[0].removesuffix(".py")
        for module in imports(path):
            parts = module.split(".")
            if parts[0] != app or len(parts) < 2 or parts[1] == own:
                continue
            mine, theirs = row_of(own), row_of(parts[1])
            if mine is not None and theirs is not None and theirs > mine:
                wrong.add(f"{path.relative_to(ROOT)} imports {module}")
    assert wrong == set()


@pytest.mark.parametrize("app", APPS)
def test_every_file_stands_in_a_row(app):
    known = set().union(*ROWS) | {"__init__", "migrations", "plans"}
    files = {path.name.removesuffix(".py") for path in (ROOT / app).iterdir() if not path.name.startswith("__py")}
    assert files - known == set()


def test_status_is_assigned_only_behind_the_gates():
    """`status=` in an update stands only in services; views, forms, tasks and commands never set one."""
    wrong = set()
    for _, path in sources():
        if "services" in path.parts or path.name == "services.py" or "demo" in path.parts:
            continue
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Assign) and any(
                isinstance(target, ast.Attribute) and target.attr == "status" for target in node.targets
            ):
                wrong.add(f"{path.relative_to(ROOT)}:{node.lineno}")
            is_update = isinstance(node, ast.Call) and getattr(node.func, "attr", "") == "update"
            if is_update and any(keyword.arg == "status" for keyword in node.keywords):
                wrong.add(f"{path.relative_to(ROOT)}:{node.lineno}")
    assert wrong == set()


def test_scoring_and_states_know_no_database():
    for name in ("standards/scoring.py", "standards/ranking.py", "applications/states.py", "branches/roles.py"):
        modules = set(imports(ROOT / name))
        assert {
            module for module in modules if module.startswith(("django.db.models.functions", "branches.models"))
        } == set()
        assert not any(module.endswith(".models") and module.split(".")[0] in APPS for module in modules)
