"""Input shapes for the versions of rubrics."""

from typing import Any

from django import forms
from django.core.validators import RegexValidator

from standards.models import Rubric

CODE = RegexValidator(
    r"^[A-Za-z0-9][A-Za-z0-9_-]*$", "编码只能用字母、数字和短横线，例如 R1 或 ZB-2027。", code="bad_code"
)
CODE_HELP = "字母、数字和短横线，例如 R1；发布后不能再改。"


class NewRubricForm(forms.Form):
    """A blank draft: what it is called and what it comes to."""

    code = forms.CharField(label="编码", max_length=20, validators=[CODE], help_text=CODE_HELP)
    name = forms.CharField(label="名称", max_length=120, help_text="例如：2027年度示范党支部创建标准。")
    total_points = forms.DecimalField(
        label="总分", max_digits=6, decimal_places=2, min_value=1, max_value=1000, initial=100,
        help_text="不含加分项，通常是100分。",
    )  # fmt: skip


class CopyForm(forms.Form):
    """“New year from…”: left empty it is the next version of the same code."""

    code = forms.CharField(
        label="编码", max_length=20, required=False, validators=[CODE], help_text="不改即为同一套标准的下一版。"
    )
    name = forms.CharField(label="名称", max_length=120, required=False)


class DiffFilter(forms.Form):
    """Which two versions, and which kinds of change are shown."""

    to = forms.ChoiceField(label="与哪一版比较", required=False)
    show = forms.ChoiceField(label="只看", required=False)

    def __init__(self, *args: Any, others: list[Rubric], shows: list[tuple[str, str]], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["to"].choices = [(each.pk, str(each)) for each in others]
        self.fields["show"].choices = [("", "全部改动"), *shows]
        for field in self.fields.values():
            field.widget.attrs["class"] = "form-select"
