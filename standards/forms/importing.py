"""Input shapes for taking in a workbook: the file, and what a bureau's own sheet leaves open."""

from collections.abc import Mapping
from typing import Any

from django import forms

from standards.forms.versions import CODE, CODE_HELP
from standards.models import Criterion
from standards.workbooks import guessing
from standards.workbooks.drafts import Draft

# What one row of a plain sheet can be; groups come from the sheet's own columns.
KINDS = [choice for choice in Criterion.Kind.choices if choice[0] != Criterion.Kind.GROUP]


class WorkbookForm(forms.Form):
    """The file; what it holds is judged by its content."""

    file = forms.FileField(
        label="选择工作簿",
        allow_empty_file=True,
        help_text="Excel 工作簿（.xlsx），不超过5MB。模板格式、从本平台导出的、或者单位自己的考核表都可以。",
        error_messages={"required": "请先选择要导入的文件。"},
        widget=forms.ClearableFileInput(attrs={"accept": ".xlsx"}),
    )


class PlainForm(forms.Form):
    """What the bureau's sheet does not say about itself."""

    code = forms.CharField(label="编码", max_length=20, validators=[CODE], help_text=CODE_HELP)
    name = forms.CharField(label="名称", max_length=120)
    total_points = forms.DecimalField(
        label="总分", max_digits=6, decimal_places=2, min_value=1, help_text="不含加分项。"
    )


def choose_kinds(draft: Draft, data: Mapping[str, Any]) -> None:
    """Take over the kinds chosen on the page, by row of the sheet; what is not a kind leaves the guess."""
    kinds = dict(KINDS)
    for line in draft.lines:
        chosen = data.get(f"kind-{line.row}", "")
        if not line.criterion.is_group and chosen in kinds and chosen != line.criterion.kind:
            guessing.choose(line, chosen)
