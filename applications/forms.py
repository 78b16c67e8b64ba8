"""Input shapes of the branch's pages. Drafts are forgiving: only what cannot be stored is refused."""

from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.db.models import Q
from django.forms import BaseFormSet, formset_factory
from django.utils import timezone

from applications.models import Application, Evidence, PlanItem, TaskRecord
from applications.states import SEALED, Status
from branches import uploads
from branches.models import Branch, User
from standards.models import FormField, StageTask, Track


class DateInput(forms.DateInput):
    input_type = "date"

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(format="%Y-%m-%d", **kwargs)


class Text(forms.CharField):
    """Text with the browser's line ends made plain, so that a line break counts as one character everywhere."""

    def to_python(self, value):
        return super().to_python(value).replace("\r\n", "\n")


def ask_by_name(form: forms.BaseForm) -> None:
    """Let a required field that was left empty be named in the message."""
    for field in form.fields.values():
        field.error_messages["required"] = f"请填写{field.label}。"


class ListFilter(forms.Form):
    """The filters of the list; a decision that is not yet public cannot be told apart by filtering either."""

    q = forms.CharField(label="支部名称", required=False, max_length=60)
    track = forms.ModelChoiceField(Track.objects.none(), label="轨道", required=False, empty_label="全部轨道")
    status = forms.ChoiceField(label="状态", required=False)
    county = forms.ModelChoiceField(Branch.objects.none(), label="所属党委", required=False, empty_label="全部党委")

    def __init__(self, *args: Any, user: User, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.knows_all = user.runs_campaigns
        self.fields["status"].choices = [("", "全部状态"), *Status.choices]
        mine = Application.objects.visible_to(user).order_by()
        self.fields["track"].queryset = Track.objects.filter(pk__in=mine.values("track")).select_related("campaign")
        self.fields["county"].queryset = Branch.objects.visible_to(user).filter(kind=Branch.Kind.COMMITTEE)
        self.fields["county"].label_from_instance = lambda branch: branch.short_name

    def narrow(self, applications):
        """The applications that fit the filters; a filter that makes no sense is left out."""
        given = self.cleaned_data if self.is_valid() else {}
        if given.get("q"):
            applications = applications.filter(branch__name__icontains=given["q"])
        if given.get("track"):
            applications = applications.filter(track=given["track"])
        if status := given.get("status"):
            applications = applications.filter(self._reads_as(status))
        if given.get("county"):
            applications = applications.filter(branch__path__startswith=given["county"].path)
        return applications

    def _reads_as(self, status: str) -> Q:
        """The applications that the user is told have this status."""
        kept_back = Q(status__in=SEALED, track__announced_at=None)
        if self.knows_all:
            return Q(status=status)
        return Q(status=status) | kept_back if status == Status.IN_REVIEW else Q(status=status) & ~kept_back


class PlanItemForm(forms.ModelForm):
    """One measure; a row without a word in it is no row."""

    class Meta:
        model = PlanItem
        fields = ["measure", "indicator", "baseline", "target", "actual", "responsible", "due_on"]
        widgets = {"measure": forms.Textarea(attrs={"rows": 2}), "due_on": DateInput()}

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        ask_by_name(self)


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
        fields = ["held_on", "place", "host", "expected", "present", "auxiliaries_present", "body", "minutes"]
        widgets = {"held_on": DateInput()}

    def __init__(self, *args: Any, task: StageTask, application: Application, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["minutes"].queryset = Evidence.objects.filter(branch=application.branch)
        self.fields["minutes"].empty_label = "（不附）"
        self.fields["held_on"].widget.attrs["max"] = timezone.localdate().isoformat()
        if task.is_meeting:
            for name in ("host", "expected", "present"):
                self.fields[name].required = True
            self.fields["expected"].help_text = "有表决权的党员人数"
        else:
            for name in ("place", "host", "expected", "present", "auxiliaries_present"):
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
        day = self.cleaned_data["held_on"]
        if day > timezone.localdate():
            raise ValidationError("日期不能晚于今天：会议开过以后再来登记。", code="future")
        return day

    def clean(self):
        data = super().clean()
        expected, present = data.get("expected"), data.get("present")
        if expected is not None and present is not None and present > expected:
            self.add_error("present", ValidationError("实到人数不能多于应到人数。", code="too_many_present"))
        return data


FIELD_KINDS = {
    FormField.Kind.LINE: lambda field: forms.TextInput(),
    FormField.Kind.TEXT: lambda field: forms.Textarea(attrs={"rows": 10 if (field.max_length or 0) > 800 else 5}),
    FormField.Kind.NUMBER: lambda field: forms.TextInput(attrs={"inputmode": "numeric"}),
    FormField.Kind.DATE: lambda field: DateInput(),
}


class ApplicationForm(forms.Form):
    """The fields of the 申报表 as the track defines them; a draft takes anything, also what is too long."""

    version = forms.IntegerField(widget=forms.HiddenInput)

    def __init__(self, *args: Any, application: Application, **kwargs: Any) -> None:
        initial = {f"f-{key}": value for key, value in application.form_data.items()}
        super().__init__(*args, initial={**initial, "version": application.form_version}, **kwargs)
        for field in application.track.form_fields.all():
            widget = FIELD_KINDS[field.kind](field)
            if field.max_length:
                widget.attrs["data-most"] = field.max_length
            self.fields[f"f-{field.key}"] = Text(
                label=field.label, required=False, help_text=field.help_text, widget=widget, strip=False
            )

    @property
    def values(self) -> dict[str, str]:
        """What was typed, by the keys of the track's fields."""
        return {name[2:]: value for name, value in self.cleaned_data.items() if name.startswith("f-")}
