"""Input shapes of the plan, of what becomes of its measures, and of the tasks of the stages."""

from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.forms import BaseFormSet, formset_factory
from django.utils import timezone

from applications.forms import DateInput, Text, ask_by_name
from applications.models import Application, Evidence, PlanItem, PlanProgress, PlanRemark, TaskRecord
from branches import uploads
from standards.models import StageTask

# Who was asked to a meeting and who came: party members, then the auxiliaries who sit in.
ATTENDANCE = ("expected", "present", "auxiliaries_expected", "auxiliaries_present")


class PlanItemForm(forms.ModelForm):
    """One measure; a row without a word in it is no row, whatever measure it was."""

    item = forms.IntegerField(required=False, widget=forms.HiddenInput)

    class Meta:
        model = PlanItem
        fields = ["measure", "indicator", "baseline", "target", "actual", "responsible", "due_on"]
        widgets = {"measure": forms.Textarea(attrs={"rows": 2}), "due_on": DateInput()}

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["baseline"].widget.attrs["placeholder"] = "如 20起、93%"
        self.fields["target"].widget.attrs["placeholder"] = "如 12起、99%"
        ask_by_name(self)

    def has_changed(self) -> bool:
        return any(name != "item" for name in self.changed_data)


class ProgressForm(forms.ModelForm):
    """What became of one measure by a day."""

    done = forms.BooleanField(label="这条措施已经完成", required=False)

    class Meta:
        model = PlanProgress
        fields = ["noted_on", "actual", "note"]
        widgets = {"noted_on": DateInput(), "note": forms.Textarea(attrs={"rows": 3})}

    def __init__(self, *args: Any, item: PlanItem, **kwargs: Any) -> None:
        today = timezone.localdate()
        super().__init__(*args, initial={"noted_on": today, "done": item.is_done}, **kwargs)
        self.fields["noted_on"].widget.attrs["max"] = today.isoformat()
        self.fields["actual"].help_text = f"目标值：{item.target}" if item.target else "没有数量要求的可以不填"
        self.fields["note"].help_text = "做了什么、有什么成效或困难，一两句话"
        ask_by_name(self)

    def clean_noted_on(self):
        return not_after_today(self.cleaned_data["noted_on"], "日期不能晚于今天：做到了再来登记。")


class RemarkForm(forms.ModelForm):
    class Meta:
        model = PlanRemark
        fields = ["text"]
        widgets = {"text": forms.Textarea(attrs={"rows": 2})}

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["text"].label = "给支部的意见"
        self.fields["text"].help_text = "支部书记和经办人会收到通知；计划本身不变。"
        ask_by_name(self)


def not_after_today(day, words: str):
    if day > timezone.localdate():
        raise ValidationError(words, code="future")
    return day


class BasePlanFormSet(BaseFormSet):
    """Rows may be left empty anywhere: emptying a row takes the measure away, with or without JavaScript."""

    def get_form_kwargs(self, index):
        return {**super().get_form_kwargs(index), "empty_permitted": True, "use_required_attribute": False}

    def _construct_form(self, i, **kwargs):
        form = super()._construct_form(i, **kwargs)
        form.empty_permitted = True
        return form

    @property
    def rows(self) -> list[dict[str, Any]]:
        return [
            {key: value for key, value in form.cleaned_data.items() if key != "DELETE"}
            for form in self.forms
            if form.has_changed() and form not in self.deleted_forms
        ]


def plan_formset(extra: int = 1) -> type[BaseFormSet]:
    return formset_factory(PlanItemForm, formset=BasePlanFormSet, extra=extra, can_delete=True, max_num=200)


class TaskForm(forms.ModelForm):
    """What the plan wants to know of a meeting, or of a summary."""

    body = Text(label="主要内容", max_length=3000, widget=forms.Textarea(attrs={"rows": 8}))
    upload = forms.FileField(
        label="上传会议记录", required=False, widget=forms.ClearableFileInput(attrs={"accept": uploads.ACCEPT})
    )

    class Meta:
        model = TaskRecord
        fields = ["held_on", "place", "host", *ATTENDANCE, "body", "minutes"]
        widgets = {"held_on": DateInput()}

    def __init__(self, *args: Any, task: StageTask, application: Application, **kwargs: Any) -> None:
        if kwargs.get("instance") is None:
            kwargs["initial"] = known_numbers(task, application)
        super().__init__(*args, **kwargs)
        self.fields["minutes"].queryset = Evidence.objects.filter(branch=application.branch)
        self.fields["minutes"].empty_label = "（不附）"
        self.fields["held_on"].widget.attrs["max"] = timezone.localdate().isoformat()
        if task.is_meeting:
            for name in ("host", "expected", "present"):
                self.fields[name].required = True
            self.fields["expected"].help_text = "有表决权的人数，请核对"
            self.fields["auxiliaries_expected"].help_text = "没有请列席的填0"
        else:
            for name in ("place", "host", *ATTENDANCE):
                del self.fields[name]
            self.fields["held_on"].label = "形成日期"
            self.fields["body"].label = "正文"
            self.fields["minutes"].label = "附件"
            self.fields["upload"].label = "上传附件"
            self.fields["body"].widget.attrs["rows"] = 16
        if task.proof_required or task.proof:
            named = task.proof or "证明材料"
            self.fields["minutes"].label = named
            self.fields["upload"].label = f"上传{named}"
            need = "必须附上，未附的不算完成，可先登记后补。" if task.proof_required else "有的请附上。"
            self.fields["upload"].help_text = need
        if task.min_attendance and "present" in self.fields:
            self.fields["present"].help_text = f"到会率不得低于{task.min_attendance}%。"
        ask_by_name(self)

    def clean_held_on(self):
        return not_after_today(self.cleaned_data["held_on"], "日期不能晚于今天：会议开过以后再来登记。")

    def clean(self):
        data = super().clean()
        for most, came, words in (
            ("expected", "present", "实到人数不能多于应到人数。"),
            ("auxiliaries_expected", "auxiliaries_present", "列席人数不能多于应列席人数。"),
        ):
            expected, present = data.get(most), data.get(came)
            if expected is not None and present is not None and present > expected:
                self.add_error(came, ValidationError(words, code="too_many_present"))
        return data


def known_numbers(task: StageTask, application: Application) -> dict[str, int]:
    """Whom a meeting is asked to bring together, as far as the register of the branch knows it."""
    branch = application.branch
    if task.kind == StageTask.Kind.MEMBERS_MEETING:
        return {"expected": branch.full_members, "auxiliaries_expected": branch.auxiliaries}
    return {}
