"""Input shapes of the committees' pages; the inspectors' stand in forms_inspecting.py."""

from typing import Any
from urllib.parse import urlencode

from django import forms
from django.core.exceptions import ValidationError
from django.utils import timezone

from applications import overview
from applications.columns import Column
from applications.forms import DateInput, Text
from applications.models import Application
from applications.states import Status
from branches.models import Branch
from standards.models import Stage, Track


class Select(forms.Select):
    """A choice that looks like the site's, also where no form library draws it."""

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(attrs={"class": "form-select"}, **kwargs)


class ProgressFilter(forms.Form):
    """Narrows the overview; the choices are those of the user's own scope, a choice that makes no sense is left out."""

    q = forms.CharField(
        label="支部名称",
        required=False,
        max_length=60,
        widget=forms.TextInput(attrs={"class": "form-control", "type": "search"}),
    )
    county = forms.ChoiceField(label="所属党委", required=False, widget=Select)
    line = forms.ChoiceField(label="警种", required=False, widget=Select)
    status = forms.ChoiceField(label="状态", required=False, widget=Select)
    missing = forms.ChoiceField(label="缺哪一步", required=False, widget=Select)
    sort = forms.ChoiceField(label="排序", required=False, choices=list(overview.ORDERS.items()), widget=Select)
    late = forms.BooleanField(label="只看逾期", required=False)
    returned = forms.BooleanField(label="只看曾被退回", required=False)

    def __init__(
        self, *args: Any, track: Track, columns: list[Column], sealed: frozenset[str], counties: list[Branch],
        lines: list[str], **kwargs: Any,
    ) -> None:  # fmt: skip
        super().__init__(*args, **kwargs)
        self.track, self.columns, self.sealed = track, columns, sealed
        statuses = [(value, label) for value, label in Status.choices if value not in sealed]
        self.fields["county"].choices = [("", "全部"), *((each.path, each.short_name) for each in counties)]
        self.fields["line"].choices = [("", "全部"), *((line, line) for line in lines)]
        self.fields["status"].choices = [("", "全部"), (overview.READY, "齐备未提交"), *statuses]
        self.fields["missing"].choices = [("", "不限"), *((each.key, f"缺{each.label}") for each in columns)]

    @property
    def ticks(self) -> list[forms.BoundField]:
        return [field for field in self if isinstance(field.field, forms.BooleanField)]

    @property
    def choices(self) -> list[forms.BoundField]:
        return [field for field in self if not isinstance(field.field, forms.BooleanField)]

    @property
    def is_narrowed(self) -> bool:
        """Whether anything but the order was asked for."""
        return any(value for name, value in self.cleaned_data.items() if name != "sort")

    def narrow(self, applications):
        self.is_valid()
        given = self.cleaned_data
        found = overview.filtered(
            applications, self.sealed, county=given.get("county", ""), line=given.get("line", ""),
            status="" if given.get("status") == overview.READY else given.get("status", ""),
        )  # fmt: skip
        if given.get("q"):
            found = found.filter(branch__name__icontains=given["q"])
        if given.get("returned"):
            found = found.filter(returns__gt=0)
        found = overview.lacking(found, self.columns, key=given.get("missing", ""), late=given.get("late", False))
        if given.get("status") == overview.READY:
            found = overview.only_ready(found, self.track)
        return overview.ordered(found, given.get("sort", ""), self.sealed)


class CheckFilter(forms.Form):
    """What the committee narrows its waiting list by; the desk goes from one to the next in the same list."""

    AGAIN = (("", "全部"), ("first", "首次提交"), ("again", "退回后重交"))
    SORTS = {
        "": ("先提交的在前", ("submitted_at", "pk")),
        "name": ("按名称", ("branch__short_name", "pk")),
        "score": ("自评分从高到低", ("-self_score", "pk")),
        "late": ("后提交的在前", ("-submitted_at", "-pk")),
    }
    q = forms.CharField(label="支部名称", required=False, max_length=60)
    county = forms.ChoiceField(label="所属党委", required=False)
    again = forms.ChoiceField(label="第几次提交", required=False, choices=AGAIN)
    sort = forms.ChoiceField(label="排序", required=False, choices=[(key, words) for key, (words, _) in SORTS.items()])

    def __init__(self, *args: Any, counties: list[Branch], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["county"].choices = [("", "全部"), *((each.path, each.short_name) for each in counties)]
        if len(counties) < 2:
            del self.fields["county"]

    def narrow(self, applications):
        self.is_valid()
        given = self.cleaned_data
        if given.get("q"):
            applications = applications.filter(branch__name__icontains=given["q"])
        if given.get("county"):
            applications = applications.filter(branch__path__startswith=given["county"])
        if given.get("again"):
            applications = applications.filter(**{"returns__gt" if given["again"] == "again" else "returns": 0})
        return applications

    def ordered(self, applications):
        return applications.order_by(*self.SORTS[self.cleaned_data.get("sort", "")][1])

    @property
    def trail(self) -> str:
        """What was asked for, as the addresses from here on carry it; "" for the plain list."""
        return urlencode({name: value for name, value in self.cleaned_data.items() if value})


class DecisionForm(forms.Form):
    """A decision about the submission that was on the screen: after another one it must be read again."""

    submission = forms.IntegerField(widget=forms.HiddenInput)

    def __init__(self, *args: Any, application: Application, **kwargs: Any) -> None:
        initial = {"submission": application.submissions, **kwargs.pop("initial", {})}
        super().__init__(*args, initial=initial, **kwargs)
        self.application = application

    def clean(self):
        data = super().clean()
        if data.get("submission") != self.application.submissions:
            # The page that tells so shows the new submission, so the next press is about that one.
            self.data = self.data.copy()
            self.data[self.add_prefix("submission")] = self.application.submissions
            raise ValidationError("支部已重新提交，请核对最新内容后再作结论；您填写的内容没有丢失。", code="conflict")
        return data


class ReturnForm(DecisionForm):
    """Why it goes back: in general, and criterion by criterion (`items`: which criteria, `said-<key>`: what of each)."""

    reason = Text(
        label="退回理由",
        max_length=1000,
        required=False,
        widget=forms.Textarea(attrs={"rows": 4}),
        help_text="总的要求；具体到某项的写在上面的逐项意见里。支部会看到",
    )
    due_on = forms.DateField(
        label="修改期限", required=False, widget=DateInput(), help_text="晚于申报截止日的，自动为该支部延期到这一天"
    )
    # What a remark may take.
    MOST = 1000

    @property
    def ticked(self) -> list[str]:
        return self.data.getlist(self.add_prefix("item")) if self.is_bound else []

    @property
    def said(self) -> dict[str, str]:
        """Every remark as it was typed, by the key of its criterion."""
        start = self.add_prefix("said-")
        return {name[len(start) :]: _plain(text) for name, text in self.data.items() if name.startswith(start)}

    def clean(self):
        data = super().clean()
        said, found = self.said, []
        for leaf in self.application.track.rubric.leaves_for(self.application.branch.line):
            if leaf.key not in self.ticked:
                continue
            text = said.get(leaf.key, "").strip()
            if not text:
                self.add_error(None, ValidationError(f"{leaf.code} {leaf.title}勾选了但没有写意见。", code="blank"))
            elif len(text) > self.MOST:
                self.add_error(
                    None,
                    ValidationError(f"{leaf.code} {leaf.title}的意见超过{self.MOST}字，请精简。", code="too_long"),
                )
            found.append((leaf, text))
        data["items"] = found
        return data


def _plain(text: str) -> str:
    """With the browser's line ends made plain."""
    return text.replace("\r\n", "\n")


class AcceptForm(DecisionForm):
    members = forms.CharField(label="核查成员", max_length=200, help_text="多人用顿号分开")
    checked_on = forms.DateField(label="核查日期", widget=DateInput())
    conclusion = Text(label="核查意见", max_length=1000, widget=forms.Textarea(attrs={"rows": 4}))

    def clean_checked_on(self):
        day = self.cleaned_data["checked_on"]
        if day > timezone.localdate():
            raise ValidationError("核查日期不能晚于今天。", code="future")
        return day


class ExtendForm(forms.Form):
    stage = forms.ModelChoiceField(Stage.objects.none(), label="阶段", empty_label=None)
    until = forms.DateField(label="延至", widget=DateInput(), help_text="含当日全天")
    reason = forms.CharField(label="事由", max_length=200)

    def __init__(self, *args: Any, track: Track, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["stage"].queryset = track.stages.filter(closes_on__isnull=False)
        self.fields["stage"].label_from_instance = lambda stage: (
            f"{stage.name}（原定{stage.closes_on.year}年{stage.closes_on.month}月{stage.closes_on.day}日截止）"
        )


class SupersedeForm(forms.Form):
    """The decision to replace a running track's standard: by which version, why, and until when to fill in again.

    `digest` is the mark of the effects that were on the screen.
    """

    digest = forms.CharField(widget=forms.HiddenInput, max_length=64)
    reason = Text(
        label="替换理由",
        max_length=300,
        widget=forms.Textarea(attrs={"rows": 3}),
        help_text="写进通知、修订公告和审计日志",
    )
    due_on = forms.DateField(
        label="退回补填的期限",
        required=False,
        widget=DateInput(),
        help_text="有已提交的申报须退回补填时必填，含当日全天",
    )
