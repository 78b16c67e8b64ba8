"""What the standards editor takes: the head of a rubric, one criterion with its rules, points to be moved.

Only impossible values are refused (no number, negative, too long); whether the rubric hangs together is shown by
`standards.soundness`, not asked here.
"""

from collections.abc import Iterable, Mapping
from decimal import Decimal
from typing import Any

from django import forms

from branches import keys
from standards import scoring
from standards.models import Criterion, Rubric, ScoreRule
from standards.services import editing
from standards.soundness import MOST_RULES

VERIFY = ("资料", "现场", "访谈", "汇报", "征求意见", "资料+现场", "资料+访谈", "资料+汇报")
METHODS = ("看", "听", "学", "比", "看、听", "看、听、学、比")
LINE_MARKS = str.maketrans("，,；; \n\t", "、、、、、、、")


class PointsField(forms.Field):
    """A number as people type it, full-width digits included; at most two decimals, not negative, not absurd."""

    widget = forms.TextInput(attrs={"inputmode": "decimal", "autocomplete": "off", "maxlength": 14})

    def __init__(self, *, empty: Decimal | None = None, most: int = 9999, **kwargs: Any) -> None:
        super().__init__(required=False, **kwargs)
        self.empty, self.most = empty, most

    def prepare_value(self, value: Any) -> Any:
        return scoring.plain(value) if isinstance(value, Decimal) else value

    def to_python(self, value: Any) -> Decimal | None:
        if value is None or not str(value).strip():
            return self.empty
        try:
            number = scoring.to_decimal(value)
        except scoring.AnswerError:
            raise forms.ValidationError("请填写数字，例如 3 或 2.5。", code="not_a_number") from None
        if number < 0:
            raise forms.ValidationError("不能是负数；扣分的细则也填正数。", code="negative")
        if number > self.most:
            raise forms.ValidationError(f"不能大于{self.most}。", code="too_large")
        if number != scoring.cents(number):
            raise forms.ValidationError("最多两位小数。", code="too_fine")
        return number


class TextField(forms.CharField):
    """Text of limited length that says so in plain words."""

    def __init__(self, length: int | None = None, **kwargs: Any) -> None:
        super().__init__(required=kwargs.pop("required", False), **kwargs)
        self.length = length
        self.error_messages["required"] = "请填写这一栏。"

    def clean(self, value: Any) -> str:
        if "\x00" in str(value or ""):
            raise forms.ValidationError("含有不能保存的字符，请重新输入。", code="null_character")
        text = super().clean(str(value or "").replace("\r\n", "\n"))
        if self.length and len(text) > self.length:
            raise forms.ValidationError(f"最多{self.length}个字，现有{len(text)}个字。", code="too_long")
        return text


class Dressed(forms.Form):
    """Fields as the pages of the house show them, each tied to the place where its error is written."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, use_required_attribute=False, label_suffix="", **kwargs)
        for name, field in self.fields.items():
            widget = field.widget
            if isinstance(widget, forms.HiddenInput | forms.CheckboxInput | forms.CheckboxSelectMultiple):
                continue
            widget.attrs["class"] = "form-select" if isinstance(widget, forms.Select) else "form-control"
            if self.auto_id:
                widget.attrs["aria-describedby"] = f"{self.auto_id % self.add_prefix(name)}-error"


class HeadForm(Dressed):
    """The rubric as a whole."""

    name = TextField(120, label="标准名称", required=True)
    source = TextField(120, label="出处")
    total_points = PointsField(label="总分", empty=Decimal(100))
    points_suggested = forms.BooleanField(label="分值为建议值", required=False)
    rescale = forms.BooleanField(label="不适用的项按比例折算", required=False)
    cap_total = forms.BooleanField(label="加分后不超过总分", required=False)

    def clean_total_points(self) -> Decimal:
        points = self.cleaned_data["total_points"]
        if not points:
            raise forms.ValidationError("总分须大于0。", code="zero")
        return points


class RuleForm(Dressed):
    """One line of a criterion: a level and its points, or what each time adds or takes."""

    pk = forms.IntegerField(required=False, widget=forms.HiddenInput)
    label = TextField(80, label="说明")
    points = PointsField(label="分值", empty=Decimal(0))
    max_times = forms.IntegerField(
        label="最多计次", required=False, min_value=1, max_value=9999,
        widget=forms.TextInput(attrs={"inputmode": "numeric", "autocomplete": "off", "maxlength": 4}),
    )  # fmt: skip
    unit = TextField(10, label="单位")
    threshold = PointsField(label="界限", most=scoring.MOST_MEASURED)
    above = forms.BooleanField(label="高于界限时计", required=False)
    per = PointsField(label="每档", most=scoring.MOST_MEASURED)
    steps = forms.ChoiceField(label="零头", choices=ScoreRule.Steps.choices, required=False)
    first = PointsField(label="越界即计", empty=Decimal(0))

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        field = self.fields["max_times"]
        field.error_messages = dict.fromkeys(("invalid", "min_value", "max_value"), "请填写1至9999的整数，不限就留空。")
        self.fields["pk"].error_messages["invalid"] = "页面已过期，请刷新后再改。"
        self.fields["steps"].error_messages["invalid_choice"] = "请选择列出的一种。"

    @property
    def blank(self) -> bool:
        """A row nobody wrote in is no rule."""
        names = ("label", "points", "max_times", "threshold", "per")
        return not any(str(self.data.get(self.add_prefix(name), "")).strip() for name in names)

    @property
    def measures(self) -> bool:
        """Whether the part for measured values stands open."""
        return self["threshold"].value() not in (None, "") or bool(self["threshold"].errors)

    def clean_label(self) -> str:
        if not self.cleaned_data["label"]:
            raise forms.ValidationError("请写明这一条，例如“好”或“每少1次”。", code="required")
        return self.cleaned_data["label"]

    def clean_unit(self) -> str:
        return self.cleaned_data["unit"] or "次"

    def clean_steps(self) -> str:
        return self.cleaned_data["steps"] or ScoreRule.Steps.FULL

    def clean_per(self) -> Decimal | None:
        return self.cleaned_data["per"] or None


class CriterionForm(Dressed):
    """One criterion; `rules` holds its lines as rows of their own."""

    version = forms.IntegerField(widget=forms.HiddenInput, required=False)
    code = TextField(20, label="编号", required=True)
    title = TextField(80, label="名称", required=True)
    kind = forms.ChoiceField(label="类型", choices=Criterion.Kind.choices)
    max_points = PointsField(label="分值", empty=Decimal(0))
    text = TextField(5000, label="标准原文", widget=forms.Textarea(attrs={"rows": 3}))
    step = PointsField(label="步长", empty=Decimal("0.5"), most=99, help_text="打分须是它的整数倍，常用0.5或0.1。")
    floor = PointsField(label="最低分", help_text="扣到此为止；留空表示不设下限。")
    pick = forms.ChoiceField(label="合计方式", choices=Criterion.Pick.choices)
    is_bonus = forms.BooleanField(label="加分项", required=False)
    line = PointsField(label="得星线", help_text="达到多少分算达标（得星）；没有就留空。")
    weight = PointsField(label="折算权重%", empty=Decimal(100), most=100)
    veto_effect = forms.ChoiceField(label="否决后果", choices=Criterion.Effect.choices)
    veto_cap = TextField(20, label="最高等次", help_text="发生时等次不高于此，例如“较好”。")
    evidence_hints = TextField(2000, label="佐证提示", help_text="一行一条。", widget=forms.Textarea(attrs={"rows": 2}))
    method = TextField(10, label="看听学比", widget=forms.TextInput(attrs={"list": "methods", "autocomplete": "off"}))
    verify = TextField(
        40, label="核验方式", widget=forms.TextInput(attrs={"list": "verifications", "autocomplete": "off"})
    )
    regulation = TextField(120, label="制度依据")
    lines = forms.MultipleChoiceField(label="适用警种", required=False, widget=forms.CheckboxSelectMultiple)
    more_lines = TextField(200, label="其他警种", help_text="用顿号隔开。")
    strong = TextField(20, label="对应四强")
    note = TextField(200, label="说明")

    def __init__(self, *args: Any, known_lines: Iterable[str] = (), **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["lines"].choices = [(line, line) for line in known_lines]
        self.rules: list[RuleForm] = []
        for field in self.fields.values():
            if isinstance(field, forms.ChoiceField):
                field.error_messages["invalid_choice"] = "请选择列出的一种。"
        if self.is_bound:
            self.rules = [RuleForm(self.data, prefix=prefix, auto_id=self.auto_id) for prefix in _prefixes(self.data)]

    @classmethod
    def of(cls, criterion: Criterion, *, known_lines: Iterable[str], blank: int = 0, **kwargs: Any) -> "CriterionForm":
        """The form as the criterion stands, with so many empty rows for further rules."""
        form = cls(initial=initial_of(criterion), known_lines=known_lines, **kwargs)
        rows: list[Mapping[str, Any]] = [
            {name: getattr(rule, name) for name in ("pk", *editing.RULE_CONTENT)} for rule in criterion.rules.all()
        ]
        rows += [{"unit": "次", "steps": ScoreRule.Steps.FULL}] * blank
        form.rules = [
            RuleForm(initial=row, prefix=f"rules-{number}", auto_id=form.auto_id) for number, row in enumerate(rows)
        ]
        return form

    def clean_evidence_hints(self) -> list[str]:
        return [line.strip() for line in self.cleaned_data["evidence_hints"].split("\n") if line.strip()]

    def clean(self) -> dict[str, Any]:
        data = self.cleaned_data
        more = [line for line in data.pop("more_lines", "").translate(LINE_MARKS).split("、") if line]
        data["lines"] = list(dict.fromkeys([*data.get("lines", []), *more]))
        written = [row for row in self.rules if not row.blank]
        if len(written) > MOST_RULES:
            text = f"一项最多{MOST_RULES}条细则，现有{len(written)}条；请分成几项。"
            self.add_error(None, forms.ValidationError(text, code="too_many_rules"))
        elif [row for row in written if not row.is_valid()]:
            self.add_error(None, forms.ValidationError("计分细则里有不能保存的内容，请看标红处。", code="rules"))
        return data

    @property
    def odd_weight(self) -> bool:
        """Whether a weight is set that the page must not hide."""
        return self["weight"].value() not in (None, "", "100", Decimal(100))

    @property
    def fields_given(self) -> dict[str, Any]:
        """For the service: what the criterion is to say."""
        return {name: self.cleaned_data[name] for name in editing.CRITERION_CONTENT}

    @property
    def rules_given(self) -> list[dict[str, Any]]:
        return [row.cleaned_data for row in self.rules if not row.blank]

    @property
    def empty_rule(self) -> RuleForm:
        """What the button for a further row copies."""
        return RuleForm(
            prefix="rules-__n__", auto_id=self.auto_id, initial={"unit": "次", "steps": ScoreRule.Steps.FULL}
        )

    def all_errors(self) -> dict[str, list[str]]:
        """Every refused field by the name it has on the page."""
        found = {name: list(errors) for name, errors in self.errors.items()}
        for row in self.rules:
            if not row.blank:
                found |= {row.add_prefix(name): list(errors) for name, errors in row.errors.items()}
        return found


class PointsForm(Dressed):
    """So many points from one criterion to another."""

    giver = forms.ChoiceField(label="从")
    taker = forms.ChoiceField(label="移给")
    points = PointsField(label="分值")

    def __init__(self, *args: Any, rubric: Rubric, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.by_key = {
            criterion.key: criterion for criterion in rubric.outline if criterion.scored or criterion.is_group
        }
        choices = [
            (key, f"{'　' * (criterion.level - 1)}{criterion}（{scoring.plain(criterion.max_points)}分）")
            for key, criterion in self.by_key.items()
        ]
        for name in ("giver", "taker"):
            self.fields[name].choices = [("", "请选择"), *choices]
            self.fields[name].error_messages = dict.fromkeys(("required", "invalid_choice"), "请选择一项指标。")

    def clean_points(self) -> Decimal:
        points = self.cleaned_data["points"]
        if points is None:
            raise forms.ValidationError("请填写要移动的分值。", code="required")
        return points

    @property
    def criteria(self) -> tuple[Criterion, Criterion]:
        return self.by_key[self.cleaned_data["giver"]], self.by_key[self.cleaned_data["taker"]]


def initial_of(criterion: Criterion) -> dict[str, Any]:
    """The criterion's values as the form shows them."""
    values = {name: getattr(criterion, name) for name in editing.CRITERION_CONTENT}
    return values | {"version": criterion.version, "evidence_hints": "\n".join(criterion.evidence_hints)}


def _prefixes(data: Mapping[str, Any]) -> list[str]:
    """`rules-3` for every row sent along, in the order of its number."""
    parts = (name.split("-", 2) for name in data)
    numbers = {each[1] for each in parts if len(each) == 3 and each[0] == "rules" and keys.is_number(each[1])}
    return [f"rules-{number}" for number in sorted(numbers, key=int)]
