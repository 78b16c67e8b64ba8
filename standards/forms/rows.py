"""Rows on a page: add, remove and put in order, by script or without it; nothing typed is ever lost."""

import re
from collections.abc import Iterable
from decimal import Decimal
from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.forms import BaseFormSet, formset_factory
from django.forms.utils import ErrorDict, ErrorList

from branches import keys

MOST_ROWS = 200
# Hidden, or drawn by the page itself.
UNSHOWN = ("pk", "code", "key", "ORDER", "DELETE")


class DateInput(forms.DateInput):
    input_type = "date"

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(format="%Y-%m-%d", **kwargs)


class Listed(forms.CharField):
    """Several short words in one line, parted by 、 or commas; a list in the database."""

    between, parts = "、", r"[、,，;；\s]+"

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(required=False, max_length=1000, **kwargs)

    def prepare_value(self, value: Any) -> Any:
        return self.between.join(value) if isinstance(value, list) else value

    def to_python(self, value: Any) -> list[str]:  # type: ignore[override]
        words = re.split(self.parts, super().to_python(value))
        return list(dict.fromkeys(word.strip() for word in words if word.strip()))

    def has_changed(self, initial: Any, data: Any) -> bool:
        return self.to_python(data) != (initial if isinstance(initial, list) else self.to_python(initial))

    def run_validators(self, value: Any) -> None:
        super().run_validators(self.between.join(value))

    def validate(self, value: Any) -> None:
        return None


class Lines(Listed):
    """The same with one entry per line, where an entry may hold a 、 itself."""

    between, parts = "\n", r"[\r\n]+"

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(widget=forms.Textarea(attrs={"rows": 2}), **kwargs)


class Points(forms.DecimalField):
    """Points or per cent, two decimals at most; shown without idle zeros."""

    def __init__(self, *, most: int = 9999, **kwargs: Any) -> None:
        super().__init__(min_value=Decimal(0), max_value=Decimal(most), decimal_places=2, required=False, **kwargs)
        self.widget = forms.TextInput(attrs={"inputmode": "decimal", **self.widget.attrs})

    def prepare_value(self, value: Any) -> Any:
        if isinstance(value, Decimal):
            text = f"{value:f}"
            return text.rstrip("0").rstrip(".") if "." in text else text
        return value


class Count(forms.IntegerField):
    """A whole number that may be left empty."""

    def __init__(self, *, least: int = 0, most: int = 9999, **kwargs: Any) -> None:
        super().__init__(min_value=least, max_value=most, required=kwargs.pop("required", False), **kwargs)
        self.widget = forms.TextInput(attrs={"inputmode": "numeric", **self.widget.attrs})


class Row(forms.Form):
    """One row; `pk` names the stored one it changes. `wide` are the fields that take a whole line."""

    pk = forms.IntegerField(required=False, widget=forms.HiddenInput)
    wide: tuple[str, ...] = ()

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        for field in self.fields.values():
            field.error_messages["required"] = f"请填写{field.label}。"
            if isinstance(field, forms.ChoiceField) and not isinstance(field, forms.ModelChoiceField):
                # What the browser sends for an untouched list is no change: an empty row stays empty.
                field.initial = field.initial or next(iter(field.choices), ("",))[0]

    @property
    def cells(self) -> list[tuple[forms.BoundField, bool]]:
        """What the page shows: (field, whether it takes a whole line)."""
        own = (self[name] for name in self.fields if name not in UNSHOWN)
        return [(field, field.name in self.wide) for field in own]


class BaseRows(BaseFormSet):
    """The rows of one table; `rows` are those that count, in the order asked for."""

    unique: tuple[str, str] | None = None
    add_label = "增加一行"

    def add_fields(self, form: forms.Form, index: int | None) -> None:
        super().add_fields(form, index)
        form.fields["ORDER"].label = "次序"
        # The script numbers every row; a number alone does not fill an empty one.
        form.fields["ORDER"].has_changed = lambda initial, data: False
        form.fields["ORDER"].widget = forms.TextInput(attrs={"inputmode": "numeric", "class": "row-order"})
        form.fields["DELETE"].label = "删除"

    def clean(self) -> None:
        if not self.unique:
            return
        name, message = self.unique
        seen = set()
        for form in self.kept:
            value = form.cleaned_data.get(name)
            if value in seen:
                form.add_error(name, ValidationError(message.format(value), code="twice"))
            seen.add(value)

    @property
    def kept(self) -> list[forms.Form]:
        """The rows that count: not removed, and either stored before or filled in now."""
        return [
            form
            for form in self.forms
            if hasattr(form, "cleaned_data")
            and not self._should_delete_form(form)
            and (form.has_changed() or form.cleaned_data.get("pk"))
        ]

    @property
    def rows(self) -> list[dict[str, Any]]:
        """What was filled in, as asked for; empty new rows and removed ones are left out."""
        kept = self.kept
        last = MOST_ROWS * 10
        places = {id(form): form.cleaned_data.get("ORDER") for form in kept}
        kept.sort(key=lambda form: last if places[id(form)] is None else places[id(form)])
        return [
            {name: value for name, value in form.cleaned_data.items() if name not in ("ORDER", "DELETE")}
            for form in kept
        ]


def row_formset(form: type[Row], base: type[BaseRows] = BaseRows, *, extra: int = 0) -> type[BaseFormSet]:
    return formset_factory(
        form, formset=base, extra=extra, can_delete=True, can_order=True, max_num=MOST_ROWS, validate_max=True
    )


def unjudged(form: Any) -> None:
    """Show what was typed without a word on it: rows were asked for, nothing was to be saved yet."""
    for each in getattr(form, "forms", [form]):
        each._errors = ErrorDict()
        each.cleaned_data = {}
    if hasattr(form, "forms"):
        form._errors, form._non_form_errors = [each._errors for each in form.forms], ErrorList()


def with_more(data: Any, prefix: str, number: int = 2) -> Any:
    """The POST data with some empty rows more, for a browser without JavaScript; nothing is judged yet."""
    data = data.copy()
    key = f"{prefix}-TOTAL_FORMS"
    there = keys.number_in(data.get(key, ""))
    data[key] = str(min(there + number, MOST_ROWS))
    return data


def initial_of(rows: Iterable[Any], fields: Iterable[str]) -> list[dict[str, Any]]:
    """Stored rows as the initial values of a table."""
    names = list(fields)
    return [{"pk": row.pk, **{name: getattr(row, name) for name in names}} for row in rows]


def with_codes(rows: list[dict[str, Any]], name: str, stem: str) -> list[dict[str, Any]]:
    """Give every new row a code of its own that nobody has to think up."""
    taken = {row.get(name) for row in rows if row.get(name)}
    number = 1
    for row in rows:
        if not row.get(name):
            while f"{stem}{number}" in taken:
                number += 1
            row[name] = f"{stem}{number}"
            taken.add(row[name])
    return rows
