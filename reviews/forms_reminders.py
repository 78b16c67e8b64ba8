"""Input shapes for the city office's reminders: their days and wordings, and the filter of what was sent."""

import re
from collections.abc import Mapping

from django import forms

from branches.forms import DateInput, Filter
from branches.reminding import DEFAULTS, Wording
from standards.models import Campaign, ReminderPlan
from standards.services.reminders import DUTIES

OUTCOMES = [
    ("", "全部"), ("open", "未办结"), ("done", "已办结"), ("unread", "未读"), ("trouble", "发送失败或无法确认"),
    ("waiting", "待发送"), ("sent", "站外已发送"), ("cancelled", "已取消"),
]  # fmt: skip


class ReminderFilter(Filter):
    topic = forms.ChoiceField(label="活动", required=False)
    scope = forms.ChoiceField(label="范围", required=False, choices=[("", "催办"), ("all", "全部通知")])
    duty = forms.ChoiceField(
        label="催办什么", required=False, choices=[("", "全部"), *DUTIES.items(), ("manual", "人工催办")]
    )
    outcome = forms.ChoiceField(label="结果", required=False, choices=OUTCOMES)
    q = forms.CharField(label="姓名、警号或单位", required=False, max_length=40)
    since = forms.DateField(label="自", required=False, widget=DateInput())
    until = forms.DateField(label="至", required=False, widget=DateInput())

    def __init__(self, *args, campaigns: list[Campaign], **kwargs) -> None:
        super().__init__(*args, **kwargs)
        self.fields["topic"].choices = [("", "全部"), *((f"campaign:{each.pk}", str(each)) for each in campaigns)]


class ReminderPlanForm(forms.Form):
    """The days as people say them, and a title and a text for each duty."""

    before = forms.CharField(label="截止前几天提醒", max_length=60, help_text="可写多个，用顿号隔开，例如：7、3、1")
    on_day = forms.BooleanField(label="截止当天也提醒", required=False)
    after = forms.CharField(
        label="逾期后第几天再提醒", max_length=60, required=False, help_text="例如：1；留空表示逾期后不再提醒本人"
    )
    escalate_after = forms.IntegerField(
        label="逾期几天后报上级党委", min_value=1, max_value=30, required=False, help_text="留空表示不报"
    )
    workdays_only = forms.BooleanField(
        label="只在工作日提醒",
        required=False,
        help_text="逢节假日：截止前的提前到上一个工作日，逾期后的顺延到下一个工作日",
    )
    send_at = forms.TimeField(
        label="站外最早几点发送", widget=forms.TimeInput(format="%H:%M", attrs={"type": "time"}),
        help_text="站内提醒当天即显示；静默时段内不向站外发送",
    )  # fmt: skip
    version = forms.IntegerField(widget=forms.HiddenInput)

    def __init__(self, *args, plan: ReminderPlan, wordings: Mapping[str, Wording], **kwargs) -> None:
        kwargs["initial"] = {
            "before": "、".join(str(day) for day in plan.days if day > 0),
            "on_day": 0 in plan.days,
            "after": "、".join(str(-day) for day in plan.days if day < 0),
            "escalate_after": plan.escalate_after,
            "workdays_only": plan.workdays_only,
            "send_at": plan.send_at,
            "version": plan.version,
        }
        super().__init__(*args, **kwargs)
        for duty, label in DUTIES.items():
            used = wordings.get(duty) or DEFAULTS.get(duty) or Wording()
            self.fields[f"title-{duty}"] = forms.CharField(
                label=f"标题（{label}）", max_length=120, initial=used.title, required=False
            )
            self.fields[f"body-{duty}"] = forms.CharField(
                label=f"内容（{label}）", max_length=600, initial=used.body, required=False,
                widget=forms.Textarea(attrs={"rows": 3}),
            )  # fmt: skip
        for name, field in self.fields.items():
            if not isinstance(field, forms.BooleanField):
                field.widget.attrs["class"] = "form-control"
            else:
                field.widget.attrs["class"] = "form-check-input"
            if field.help_text:
                field.widget.attrs["aria-describedby"] = f"help-{name}"

    def clean_before(self) -> list[int]:
        return self._days("before", least=1)

    def clean_after(self) -> list[int]:
        return [-day for day in self._days("after", least=1)]

    def _days(self, name: str, *, least: int) -> list[int]:
        parts = [part for part in re.split(r"[、，,；;\s]+", self.cleaned_data[name].strip()) if part]
        if any(not re.fullmatch(r"[0-9]{1,2}", part) or int(part) < least for part in parts):
            raise forms.ValidationError("请只写天数（1至60的整数），多个用顿号隔开。", code="days")
        return [int(part) for part in parts]

    @property
    def days(self) -> list[int]:
        data = self.cleaned_data
        return [*data["before"], *([0] if data["on_day"] else []), *data["after"]]

    @property
    def wordings(self) -> dict[str, Wording]:
        """Those written out; both fields left empty mean the usual words."""
        found = {}
        for duty in DUTIES:
            title, body = (self.cleaned_data.get(f"{part}-{duty}", "").strip() for part in ("title", "body"))
            if title or body:
                found[duty] = Wording(title, body.replace("\r\n", "\n"))
        return found
