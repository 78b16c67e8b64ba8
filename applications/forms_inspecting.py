"""Input shapes of the inspectors' pages: 无问题, the veto, and the appeal against it."""

from typing import Any

from django import forms
from django.utils import timezone

from applications import overview
from applications.forms import DateInput, Text, ask_by_name
from applications.forms_committee import Select
from applications.models import Application, Clearance
from applications.states import Status
from branches.forms import TickedField
from branches.models import Branch


class InspectionFilter(forms.Form):
    """What the inspectors narrow by: the branch, its committee, and which opinion is still missing."""

    q = forms.CharField(
        label="支部名称",
        required=False,
        max_length=60,
        widget=forms.TextInput(attrs={"class": "form-control", "type": "search"}),
    )
    county = forms.ChoiceField(label="所属党委", required=False, widget=Select)
    missing = forms.ChoiceField(
        label="尚无意见的时点", required=False, choices=[("", "全部"), *Clearance.Point.choices], widget=Select
    )
    status = forms.ChoiceField(label="状态", required=False, widget=Select)

    def __init__(self, *args: Any, sealed: frozenset[str], counties: list[Branch], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.sealed = sealed
        hidden = {Status.PREPARING, Status.WITHDRAWN, *sealed}
        self.fields["county"].choices = [("", "全部"), *((each.path, each.short_name) for each in counties)]
        self.fields["status"].choices = [
            ("", "全部"), *((value, label) for value, label in Status.choices if value not in hidden)
        ]  # fmt: skip

    def narrow(self, applications):
        self.is_valid()
        given = dict(self.cleaned_data)
        if name := given.pop("q", ""):
            applications = applications.filter(branch__name__icontains=name)
        if point := given.pop("missing", ""):
            applications = applications.exclude(clearances__point=point)
        return overview.filtered(applications, self.sealed, **given)


class ClearForm(forms.Form):
    point = forms.ChoiceField(label="时点", choices=Clearance.Point.choices)
    remark = forms.CharField(label="说明", max_length=200, required=False)
    application = TickedField(Application.objects.none(), required=False, error_messages={"required": "请先勾选支部。"})
    # All that the filters leave, on whatever page: `number` is how many the page said.
    scope = forms.ChoiceField(choices=[("ticked", "勾选的"), ("all", "筛选出的全部")], required=False)
    number = forms.IntegerField(required=False, min_value=0, max_value=10**6)

    def __init__(self, *args: Any, applications, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["application"].queryset = applications
        self.fields["application"].required = self.data.get("scope") != "all"


class UnclearForm(forms.Form):
    reason = forms.CharField(label="收回的理由", max_length=200, help_text="记入审计日志；收回后需要时可重新出具")


class ProposeVetoForm(forms.Form):
    basis = Text(
        label="事实与依据",
        max_length=1000,
        widget=forms.Textarea(attrs={"rows": 6}),
        help_text="写明时间、事实、查证结论与文号；提出后不能修改",
    )


class DecideVetoForm(forms.Form):
    remark = forms.CharField(label="意见", max_length=300, widget=forms.Textarea(attrs={"rows": 3}))


class ConfirmVetoForm(DecideVetoForm):
    told = Text(
        label="告知支部的理由",
        max_length=300,
        required=False,
        widget=forms.Textarea(attrs={"rows": 2}),
        help_text="支部和各级党委看到这一句，据此申诉；“事实与依据”和“意见”只有纪检督察和市局看到",
    )


class GroundsForm(forms.Form):
    grounds = Text(
        label="申诉理由",
        max_length=2000,
        widget=forms.Textarea(attrs={"rows": 8}),
        help_text="写明不服的是什么、事实是什么、有什么材料可以证明；提交后不能修改",
    )

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        ask_by_name(self)


class WrittenAppealForm(GroundsForm):
    appellant = forms.CharField(label="申诉人", max_length=60, help_text="书面申诉的单位或人员")
    field_order = ["appellant", "grounds"]


class FindingForm(forms.Form):
    finding = Text(
        label="复查情况",
        max_length=1000,
        widget=forms.Textarea(attrs={"rows": 6}),
        help_text="写明核对了哪些材料、找谁了解、结论是什么",
    )
    lifts = forms.TypedChoiceField(
        label="处理意见",
        choices=[("1", "撤销否决"), ("0", "维持否决")],
        coerce=lambda value: value == "1",
        widget=forms.RadioSelect,
    )

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        ask_by_name(self)


class DecideAppealForm(forms.Form):
    remark = Text(label="决定意见", max_length=300, widget=forms.Textarea(attrs={"rows": 3}))

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        ask_by_name(self)


class BranchFactsForm(forms.Form):
    """What is on record of a branch and decides whether it may apply."""

    solid_grade = forms.CharField(label="过硬支部等次", max_length=40, required=False, help_text="未认定的留空")
    solid_basis = forms.CharField(label="认定文号", max_length=80, required=False)
    full_members = forms.IntegerField(label="正式党员", min_value=0, max_value=9999)
    probationary_members = forms.IntegerField(label="预备党员", min_value=0, max_value=9999)
    officers = forms.IntegerField(label="民警", min_value=0, max_value=9999)
    auxiliaries = forms.IntegerField(label="辅警", min_value=0, max_value=9999)
    founded_on = forms.DateField(label="成立时间", required=False, widget=DateInput())
    term_ends_on = forms.DateField(label="本届届满", required=False, widget=DateInput())
    line = forms.CharField(label="警种/序列", max_length=40, required=False)

    def __init__(self, *args: Any, branch: Branch, line_fixed: bool, **kwargs: Any) -> None:
        initial = {name: getattr(branch, name) for name in self.base_fields}
        super().__init__(*args, initial=initial, **kwargs)
        ask_by_name(self)
        for name in ("full_members", "probationary_members", "officers", "auxiliaries"):
            self.fields[name].widget.attrs["inputmode"] = "numeric"
        if line_fixed:
            self.fields["line"].disabled = True
            self.fields["line"].help_text = "支部已按此警种填写自评，不能再改；确需更改请联系市局机关党委"

    def clean_founded_on(self):
        day = self.cleaned_data["founded_on"]
        if day and day > timezone.localdate():
            raise forms.ValidationError("成立时间不能晚于今天。", code="future")
        return day
