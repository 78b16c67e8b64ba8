"""What can be changed in a trial: every field stands at today's value until it is changed; the state is the address."""

from collections.abc import Mapping
from decimal import Decimal
from typing import Any

from django import forms
from django.core.exceptions import ValidationError

from reviews.trial import Base
from standards import scoring
from standards.models import BREAKERS, Rubric, ScoreComponent

BREAKER_FIELDS, SPARE_BANDS = 3, 2
BAND_FIELDS = ("name", "at_least", "share", "stars", "each_dimension", "component", "component_min")


def number(label: str, *, required: bool = True, most: int = 9999) -> forms.DecimalField:
    field = forms.DecimalField(label=label, required=required, min_value=0, max_value=most, decimal_places=2)
    field.widget = forms.TextInput(attrs={"inputmode": "decimal", "autocomplete": "off", "maxlength": 8})
    return field


def whole(label: str, *, required: bool = True, least: int = 0, most: int = 9999) -> forms.IntegerField:
    field = forms.IntegerField(label=label, required=required, min_value=least, max_value=most)
    field.widget = forms.TextInput(attrs={"inputmode": "numeric", "autocomplete": "off", "maxlength": 5})
    return field


class TrialForm(forms.Form):
    """The plan of a track as fields. What the address does not name stands as it is today."""

    def __init__(self, given: Mapping[str, str], *, base: Base) -> None:
        self.base = base
        self.parts = base.method["components"]
        self.names = [(part["code"], part["name"]) for part in self.parts]
        fields = {**self._component_fields(), **self._track_fields(), **self._band_fields()}
        self.today = {name: shown(field, value) for name, (field, value) in fields.items()}
        super().__init__({name: given.get(name, value) for name, value in self.today.items()})
        for name, (field, _) in fields.items():
            choice = isinstance(field, forms.ChoiceField)
            field.widget.attrs["class"] = (
                f"form-{'select' if choice else 'control'} form-{'select' if choice else 'control'}-sm"
            )
            self.fields[name] = field
        for name in self.errors:
            self.fields[name].widget.attrs |= {"aria-invalid": "true", "aria-describedby": f"why-{name}"}
            self.fields[name].widget.attrs["class"] += " is-invalid"

    # The fields, each with today's value

    def _component_fields(self) -> dict[str, tuple[forms.Field, Any]]:
        found: dict[str, tuple[forms.Field, Any]] = {}
        for part in self.parts:
            code, name = part["code"], part["name"]
            found[f"w-{code}"] = (number(f"{name} 权重%", most=100), part["weight"])
            if part["source"] in (ScoreComponent.Source.VISIT, ScoreComponent.Source.PRESENTATION):
                methods = forms.ChoiceField(label=f"{name} 评委分合成", choices=ScoreComponent.Method.choices)
                over_time = forms.ChoiceField(label=f"{name} 多次合成", choices=ScoreComponent.OverTime.choices)
                found[f"m-{code}"] = (methods, part["method"])
                found[f"t-{code}"] = (whole(f"{name} 去极值起点人数", least=3, most=99), part["trim_from"])
                found[f"n-{code}"] = (whole(f"{name} 至少几份评分", least=1, most=99), part["min_scores"])
                found[f"o-{code}"] = (over_time, part["over_time"])
            found[f"p-{code}"] = (number(f"{name} 达标线", required=False), part["pass_line"])
            if versions := self.base.rubrics.get(code):
                choices = [("", "现行标准"), *((str(rubric.pk), rubric_label(rubric)) for rubric in versions)]
                found[f"r-{code}"] = (forms.ChoiceField(label=f"{name} 评分标准", choices=choices, required=False), "")
        return found

    def _track_fields(self) -> dict[str, tuple[forms.Field, Any]]:
        method = self.base.method
        found: dict[str, tuple[forms.Field, Any]] = {}
        if self.base.track.is_competition:
            found["quota"] = (whole("名额", least=1), method["quota"])
            found["reserves"] = (whole("候补"), method["reserves"])
        found["pass_line"] = (number("总分达标线", required=False), method["pass_line"])
        found["pass_grade"] = (
            forms.CharField(label="命名最低等次", required=False, max_length=20),
            method["pass_grade"],
        )
        named = [("", "第一项"), *self.names]
        graded = method["grade_component"] if method["grade_component"] in dict(self.names) else ""
        found["grade_component"] = (forms.ChoiceField(label="得星与维度看", choices=named, required=False), graded)
        keys = [key for key in method["tie_breakers"] if key in dict(self.names) or key in BREAKERS]
        choices = [("", "—"), *self.names, *BREAKERS.items()]
        for place in range(max(BREAKER_FIELDS, len(keys) + 1)):
            field = forms.ChoiceField(label=f"同分依据{place + 1}", choices=choices, required=False)
            found[f"b{place + 1}"] = (field, keys[place] if place < len(keys) else "")
        return found

    def _band_fields(self) -> dict[str, tuple[forms.Field, Any]]:
        bands = self.base.method["grades"]
        found: dict[str, tuple[forms.Field, Any]] = {}
        for place in range(len(bands) + SPARE_BANDS):
            band = bands[place] if place < len(bands) else {}
            called = f"等次{place + 1}"
            fields = {
                "name": forms.CharField(label=f"{called} 名称", required=False, max_length=20),
                "at_least": number(f"{called} 总分不低于", required=False),
                "share": number(f"{called} 比例不超过%", required=False, most=100),
                "stars": whole(f"{called} 得星不少于", required=False, most=99),
                "each_dimension": number(f"{called} 各维度不低于%", required=False, most=100),
                "component": forms.ChoiceField(
                    label=f"{called} 单项", choices=[("", "—"), *self.names], required=False
                ),
                "component_min": number(f"{called} 单项不低于", required=False),
            }
            for name, field in fields.items():
                value = band.get(name)
                known = name != "component" or value in dict(self.names)
                found[f"g{place + 1}-{name}"] = (field, value if known else "")
        return found

    # What was typed

    def clean(self) -> dict[str, Any]:
        data = super().clean()
        weights = [data.get(f"w-{part['code']}") for part in self.parts]
        if self.parts and None not in weights and not sum(weights):
            self.add_error(f"w-{self.parts[0]['code']}", ValidationError("权重不能全部是0。", code="no_weight"))
        breakers = [data.get(name) for name in self.breaker_names if data.get(name)]
        if len(set(breakers)) < len(breakers):
            self.add_error("b1", ValidationError("同分依据有重复，每项只用一次。", code="repeated"))
        names = [band["name"] for band in self.bands]
        if len(set(names)) < len(names):
            self.add_error("g1-name", ValidationError("等次名称有重复。", code="repeated"))
        if data.get("pass_grade") and data["pass_grade"] not in names:
            self.add_error("pass_grade", ValidationError("没有这个等次，请填上面列出的名称。", code="unknown"))
        return data

    @property
    def breaker_names(self) -> list[str]:
        return [name for name in self.fields if name[0] == "b" and name[1:].isdecimal()]

    @property
    def bands(self) -> list[dict[str, Any]]:
        """The grades that have a name, best first, as the method has them."""
        places = [name.split("-")[0] for name in self.fields if name.endswith("-name")]
        rows = [{key: self.cleaned_data.get(f"{place}-{key}") for key in BAND_FIELDS} for place in places]
        numbers = ("at_least", "share", "each_dimension", "component_min")
        return [row | {key: _text(row[key]) for key in numbers} for row in rows if row["name"]]

    def method(self) -> dict[str, Any]:
        """Today's method with what was changed; after `is_valid` only."""
        data = self.cleaned_data
        parts = []
        for part in self.parts:
            code = part["code"]
            changed = {"weight": str(data[f"w-{code}"]), "pass_line": _text(data[f"p-{code}"])}
            if f"m-{code}" in data:
                changed |= {
                    "method": data[f"m-{code}"], "trim_from": data[f"t-{code}"],
                    "min_scores": data[f"n-{code}"], "over_time": data[f"o-{code}"],
                }  # fmt: skip
            parts.append({**part, **changed})
        return {
            **self.base.method,
            "components": parts,
            "quota": data.get("quota"),
            "reserves": data.get("reserves", 0),
            "pass_line": _text(data["pass_line"]),
            "pass_grade": data["pass_grade"],
            "grade_component": data["grade_component"],
            "tie_breakers": [data[name] for name in self.breaker_names if data[name]],
            "grades": self.bands,
        }

    def rubrics(self) -> dict[str, Rubric]:
        """The other rubric per component code, where one was picked."""
        chosen = {code: self.cleaned_data.get(f"r-{code}") for code in self.base.rubrics}
        return {
            code: next(rubric for rubric in self.base.rubrics[code] if str(rubric.pk) == key)
            for code, key in chosen.items()
            if key
        }

    @property
    def changes(self) -> list[tuple[str, str, str]]:
        """Label, today's value and the one tried, of every field that differs; after `is_valid` only."""
        found = []
        for name, field in self.fields.items():
            was, is_ = field.clean(self.today[name]), self.cleaned_data[name]
            if was != is_:
                found.append((field.label, said(field, was), said(field, is_)))
        return found

    @property
    def total_weight(self) -> Decimal:
        return sum((self.cleaned_data.get(f"w-{part['code']}") or Decimal(0) for part in self.parts), Decimal(0))

    # As the page groups them

    @property
    def component_rows(self) -> list[dict[str, Any]]:
        letters = {
            "w": "weight",
            "m": "method",
            "t": "trim_from",
            "n": "min_scores",
            "o": "over_time",
            "p": "line",
            "r": "rubric",
        }
        return [
            {"name": part["name"]}
            | {word: self[f"{letter}-{part['code']}"] for letter, word in letters.items() if f"{letter}-{part['code']}" in self.fields}
            for part in self.parts
        ]  # fmt: skip

    @property
    def track_fields(self) -> list[forms.BoundField]:
        return [
            self[name]
            for name in ("quota", "reserves", "pass_line", "pass_grade", "grade_component")
            if name in self.fields
        ]

    @property
    def breaker_fields(self) -> list[forms.BoundField]:
        return [self[name] for name in self.breaker_names]

    @property
    def band_rows(self) -> list[list[forms.BoundField]]:
        places = [name.split("-")[0] for name in self.fields if name.endswith("-name")]
        return [[self[f"{place}-{key}"] for key in BAND_FIELDS] for place in places]


def rubric_label(rubric: Rubric) -> str:
    return f"{rubric.code} 第{rubric.version}版（{rubric.get_status_display()}）{rubric.name}"


def shown(field: forms.Field, value: Any) -> str:
    """Today's value as the field shows it: 30 rather than 30.00."""
    if value in (None, ""):
        return ""
    return scoring.plain(Decimal(value)) if isinstance(field, forms.DecimalField) else str(value)


def said(field: forms.Field, value: Any) -> str:
    if isinstance(field, forms.ChoiceField):
        return str(dict(field.choices).get(value, value))
    return scoring.plain(value) if isinstance(value, Decimal) else "（空）" if value in (None, "") else str(value)


def _text(value: Decimal | None) -> str | None:
    return None if value is None else str(value)
