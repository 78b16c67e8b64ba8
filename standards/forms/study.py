"""Input shapes for signing and study."""

from typing import Any

from django import forms

from branches.models import Branch
from standards import coverage
from standards.models import Acknowledgement

# Which field a refusal of the service is about.
FIELD_OF = {"future": "studied_on", "officers": "officers_studied", "auxiliaries": "auxiliaries_studied"}


class Head(forms.IntegerField):
    """So many people."""

    def __init__(self, label: str, **kwargs: Any) -> None:
        super().__init__(label=label, min_value=0, max_value=99999, **kwargs)
        self.widget.attrs["inputmode"] = "numeric"


class StudyForm(forms.Form):
    """When and how a branch studied, 民警 and 辅警 counted apart; begun with the numbers of the branch's register."""

    mark = forms.CharField(widget=forms.HiddenInput, required=False)
    studied_on = forms.DateField(
        label="学习日期",
        widget=forms.DateInput(attrs={"type": "date"}, format="%Y-%m-%d"),
        help_text="第一次集中学习的日期",
    )
    how = forms.CharField(
        label="学习方式", max_length=200, required=False, help_text="例如：党员大会集中学习，辅警列席；出差人员送学"
    )
    officers_expected = Head("民警应学")
    officers_studied = Head("民警实学")
    officers_later = Head("民警补学", initial=0, required=False)
    auxiliaries_expected = Head("辅警应学")
    auxiliaries_studied = Head("辅警实学")
    auxiliaries_later = Head("辅警补学", initial=0, required=False)

    def clean(self) -> dict[str, Any]:
        data = super().clean()
        for name in ("officers_later", "auxiliaries_later"):
            if name in data:
                data[name] = data[name] or 0
        return data

    @classmethod
    def start_of(cls, signed: Acknowledgement) -> dict[str, Any]:
        """What stands in the form: what was recorded, else the numbers of the register."""
        names = [name for name in cls.base_fields if name != "mark"]
        start = {name: getattr(signed, name) for name in names} if signed.has_study else {}
        register = {"officers_expected": signed.branch.officers, "auxiliaries_expected": signed.branch.auxiliaries}
        return {**register, **start, "mark": signed.mark}


class CoverageFilter(forms.Form):
    """Narrows the list of branches; a choice that makes no sense is left out."""

    county = forms.ChoiceField(label="所属党委", required=False)
    state = forms.ChoiceField(label="情况", required=False, choices=[("", "全部"), *coverage.STATES.items()])
    q = forms.CharField(label="支部名称", required=False, max_length=40)

    def __init__(self, *args: Any, counties: list[Branch], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        for field in self.fields.values():
            field.widget.attrs["class"] = "form-select" if isinstance(field, forms.ChoiceField) else "form-control"
        self.fields["county"].choices = [("", "全部"), *((each.path, each.short_name) for each in counties)]
        if len(counties) < 2:
            del self.fields["county"]

    def narrow(self, branches):
        self.is_valid()
        return coverage.narrowed(branches, **self.cleaned_data)
