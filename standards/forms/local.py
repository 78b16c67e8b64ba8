"""Input shapes of a committee's own plan, of moving a stage's dates, and of taking an extension back."""

from typing import Any

from django import forms

from standards.forms.rows import DateInput
from standards.forms.wizard import TaskFields, ask_by_name
from standards.models import Campaign, Stage, StageTask


class LocalPlanForm(forms.Form):
    title = forms.CharField(label="标题", max_length=120)
    body = forms.CharField(
        label="补充要求", required=False, max_length=10000, widget=forms.Textarea(attrs={"rows": 10}),
        help_text="在市局方案之外，对本党委所属支部的补充要求。",
    )  # fmt: skip
    upload = forms.FileField(
        label="上传本级方案", required=False, widget=forms.FileInput(attrs={"accept": ".pdf,.docx"}),
        help_text="PDF 或 Word（docx）。再次上传即替换。",
    )  # fmt: skip

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        ask_by_name(self)


class LocalTaskRow(TaskFields):
    """A task of a committee: as the city's, but not a plan, which is filed once."""

    stage = forms.ModelChoiceField(Stage.objects.none(), label="属于哪个阶段", empty_label="请选择")
    field_order = ("pk", "stage")

    def __init__(self, *args: Any, campaign: Campaign, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        stages = Stage.objects.filter(track__campaign=campaign).select_related("track")
        self.fields["stage"].queryset = stages.order_by("track__order", "track_id", "order", "pk")
        self.fields["stage"].label_from_instance = lambda stage: f"{stage.track} · {stage.name}"
        plan = StageTask.Kind.PLAN
        self.fields["kind"].choices = [pair for pair in self.fields["kind"].choices if pair[0] != plan]


class StageDatesForm(forms.Form):
    """New dates for one stage of an open campaign, and why."""

    opens_on = forms.DateField(label="开始", required=False, widget=DateInput())
    closes_on = forms.DateField(label="截止（含当天）", required=False, widget=DateInput())
    reason = forms.CharField(
        label="原因", max_length=200, widget=forms.Textarea(attrs={"rows": 2}), help_text="写进通知和审计日志。"
    )

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        ask_by_name(self)


class RevokeForm(forms.Form):
    """Why an extension is taken back."""

    reason = forms.CharField(max_length=200, error_messages={"required": "请写明撤销延期的理由，对方会看到。"})
