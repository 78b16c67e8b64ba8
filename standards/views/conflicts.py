"""Two people at the same criterion: both versions side by side, field by field, until a person has chosen.

The page holds everything that was typed in hidden fields; `choose-<field>` says whose value counts, and the answer is
saved like any other form. Nothing is overwritten unseen: when it changed once more, the page comes once more.
"""

from collections.abc import Iterable, Mapping
from decimal import Decimal
from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.http import HttpRequest, HttpResponse, QueryDict
from django.shortcuts import render
from django.urls import reverse

from branches.models import AuditEntry
from branches.views.decorators import wants_fragment
from standards import scoring
from standards.forms.editing import CriterionForm, HeadForm, initial_of
from standards.models import Criterion, Rubric
from standards.services import editing
from standards.views.outline import criterion_in

OWN = ("csrfmiddlewaretoken", "version", "mark")


def chosen(given: QueryDict, theirs: Mapping[str, list[str]]) -> QueryDict:
    """What was sent, with the other's value wherever `choose-<field>` says so; the rules count as one field."""
    data = given.copy()
    for key in [key for key in given if key.startswith("choose-")]:
        name = key.removeprefix("choose-")
        if data.pop(key) == ["theirs"]:
            for field in [field for field in data if _part(field) == name]:
                del data[field]
            for field, values in theirs.items():
                if _part(field) == name:
                    data.setlist(field, values)
    return data


def _part(field: str) -> str:
    return "rules" if field.startswith("rules-") else "lines" if field == "more_lines" else field


def criterion_data(criterion: Criterion) -> dict[str, list[str]]:
    """The criterion as its form would send it."""
    found = _posted(initial_of(criterion))
    for number, rule in enumerate(criterion.rules.all()):
        values = {name: getattr(rule, name) for name in ("pk", *editing.RULE_CONTENT)}
        found |= {f"rules-{number}-{name}": value for name, value in _posted(values).items()}
    return found


def head_data(rubric: Rubric) -> dict[str, list[str]]:
    return _posted({name: getattr(rubric, name) for name in editing.HEAD})


def _posted(values: Mapping[str, Any]) -> dict[str, list[str]]:
    """Values as a browser sends them: no field at all for a box that is not ticked."""
    found = {}
    for name, value in values.items():
        if isinstance(value, list):
            found[name] = value
        elif value is not False:
            found[name] = [
                "on" if value is True else scoring.plain(value) if isinstance(value, Decimal) else str(value)
            ]
            if value is None:
                found[name] = [""]
    return found


def same(criterion: Criterion, form: CriterionForm) -> Criterion | None:
    """The criterion when it already says all this: the first answer was lost on its way back to the page."""
    current = criterion_in(criterion.rubric, criterion.pk)
    return None if differences(current, form) else current


def differences(current: Criterion, form: CriterionForm) -> list[dict[str, Any]]:
    found = _compare(form, current, editing.CRITERION_CONTENT, form.fields_given)
    mine, theirs = (_rules(rules) for rules in (form.rules_given, [vars(rule) for rule in current.rules.all()]))
    if mine != theirs:
        found.append({"name": "rules", "label": "计分细则", "mine": mine, "theirs": theirs})
    return found


def _rules(rules: Iterable[Mapping[str, Any]]) -> str:
    """Rules as text, one a line, complete enough to tell any two apart."""
    return "\n".join(_rule(rule) for rule in rules) or "（空）"


def _rule(rule: Mapping[str, Any]) -> str:
    words = [f"{rule['label']} {scoring.plain(rule['points'])}分/{rule['unit']}"]
    if rule["max_times"]:
        words.append(f"最多{rule['max_times']}次")
    if rule["threshold"] is not None:
        side = "高于" if rule["above"] else "低于"
        words.append(f"{side}{scoring.plain(rule['threshold'])}才计")
        words.append(f"每{scoring.plain(rule['per'])}为一档" if rule["per"] else "只计一次")
        words += [dict(_steps())[rule["steps"]], f"越界即计{scoring.plain(rule['first'])}分"]
    return "，".join(words)


def _steps() -> list[tuple[str, str]]:
    return list(CriterionForm().empty_rule.fields["steps"].choices)


def _compare(form: forms.Form, current: Any, names: Iterable[str], mine: Mapping[str, Any]) -> list[dict[str, Any]]:
    return [
        {
            "name": name,
            "label": form.fields[name].label,
            "mine": _words(form.fields[name], mine[name]),
            "theirs": _words(form.fields[name], getattr(current, name)),
        }
        for name in names
        if mine[name] != getattr(current, name)
    ]


def _words(field: forms.Field, value: Any) -> str:
    if isinstance(value, bool):
        return "是" if value else "否"
    if isinstance(value, list):
        return "、".join(value) or "（空）"
    if isinstance(value, Decimal):
        return scoring.plain(value)
    if isinstance(field, forms.ChoiceField):
        value = dict(field.choices).get(value, value)
    return str(value) if value not in (None, "") else "（空）"


def show(
    request: HttpRequest, rubric: Rubric, criterion: Criterion, form: CriterionForm, refusal: ValidationError
) -> HttpResponse:
    """Both versions of a criterion. Any other refusal is passed on."""
    if refusal.code != "stale":
        raise refusal
    current = criterion_in(rubric, criterion.pk)
    hidden = [*_hidden(form.data), ("version", str(current.version))]
    action = reverse("standards:criterion_edit", args=[rubric.pk, criterion.pk])
    rows = _untouched(differences(current, form), form, current)
    return _render(request, rubric, str(current), rows, hidden, action, current)


def _untouched(rows: list[dict], form: CriterionForm, current: Criterion) -> list[dict]:
    """Where I left a field as it was and only the other changed it, the other's value is offered first."""
    behind = max(0, current.version - (form.cleaned_data["version"] or 0))
    entries = AuditEntry.objects.filter(target=f"criterion:{current.pk}", action="criterion.save").order_by("-seq")
    before: dict[str, Any] = {}
    for entry in entries[:behind]:
        before |= {name: change[0] for name, change in entry.changes.items() if name != "rules"}
    for row in rows:
        name = row["name"]
        row["theirs_first"] = name in before and before[name] == editing.logged(form.fields_given[name])
    return rows


def show_head(request: HttpRequest, rubric: Rubric, form: HeadForm) -> HttpResponse:
    rows = _compare(form, rubric, editing.HEAD, form.cleaned_data)
    hidden = [*_hidden(form.data), ("mark", editing.head_mark(rubric))]
    return _render(
        request, rubric, "基本信息", rows, hidden, reverse("standards:rubric_head", args=[rubric.pk]), rubric
    )


def _hidden(data: QueryDict) -> list[tuple[str, str]]:
    return [(name, value) for name, values in data.lists() if name not in OWN for value in values]


def _render(request, rubric, title, rows, hidden, action, target) -> HttpResponse:
    entry = AuditEntry.objects.filter(target=f"{target._meta.model_name}:{target.pk}").order_by("-seq").first()
    context = {
        "rubric": rubric, "title": title, "rows": rows, "hidden": hidden, "action": action,
        "who": entry.actor if entry else None, "at": entry.at if entry else None,
    }  # fmt: skip
    template = "standards/_conflict.html" if wants_fragment(request) else "standards/conflict.html"
    return render(request, template, context, status=409)
