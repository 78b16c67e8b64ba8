"""Input shapes of 自查整改: an entry may be put down with its gap alone, the rest follows."""

from typing import Any

from django import forms
from django.utils import timezone

from applications.forms import DateInput, Text, ask_by_name
from applications.models import Application, Rectification
from standards.models import Criterion


class LedgerFilter(forms.Form):
    """The filters of a branch's ledger; what makes no sense is left out."""

    state = forms.ChoiceField(label="状态", required=False, choices=[("", "全部状态"), *Rectification.State.choices])
    tag = forms.ChoiceField(label="问题类型", required=False)
    overdue = forms.BooleanField(label="只看逾期", required=False)

    def __init__(self, *args: Any, tags: list[str], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if tags:
            self.fields["tag"].choices = [("", "全部类型"), *((tag, tag) for tag in tags)]
        else:
            del self.fields["tag"]
        for name in self.fields.keys() & {"state", "tag"}:
            self.fields[name].widget.attrs["class"] = "form-select"

    @property
    def asked(self) -> dict[str, Any]:
        """What `RectificationQuerySet.matching` is to narrow by."""
        if not self.is_valid():
            return {}
        return {name: value for name, value in self.cleaned_data.items() if value}


class StartForm(forms.Form):
    """How the next self-check is begun."""

    note = forms.CharField(
        label="范围与方式", max_length=200, required=False, help_text="如：支委会集体对照标准逐条自查。可以不填。"
    )
    carry = forms.BooleanField(label="带入上次自查的填写，逐项更新", required=False)


class RectificationForm(forms.Form):
    """差距, 问题类型, 原因, 措施, 责任人, 时限: only the gap must be there."""

    gap = Text(label="差距", max_length=300, widget=forms.Textarea(attrs={"rows": 2}), help_text="哪一点没有做到。")
    criterion = forms.TypedChoiceField(label="对应指标", required=False)
    tags = forms.MultipleChoiceField(
        label="问题类型", required=False, widget=forms.CheckboxSelectMultiple(attrs={"class": "form-check-input"})
    )
    cause = Text(label="原因", max_length=300, required=False, widget=forms.Textarea(attrs={"rows": 2}))
    measure = Text(label="整改措施", max_length=500, required=False, widget=forms.Textarea(attrs={"rows": 3}))
    responsible = forms.CharField(label="责任人", max_length=40, required=False)
    due_on = forms.DateField(label="整改时限", required=False, widget=DateInput(), help_text="到期未完成会提醒。")

    def __init__(self, *args: Any, application: Application, kept: Rectification | None = None, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        leaves = list(application.track.rubric.leaves_for(application.branch.line))
        if kept and kept.criterion and kept.criterion.pk not in {leaf.pk for leaf in leaves}:
            leaves.append(kept.criterion)
        self.leaves = {leaf.key: leaf for leaf in leaves}
        criterion = self.fields["criterion"]
        named = ((key, f"{leaf.code} {leaf.title}") for key, leaf in self.leaves.items())
        criterion.choices = [("", "不对应具体指标"), *named]
        criterion.coerce, criterion.empty_value = self._leaf, None
        tags = list(dict.fromkeys([*application.track.problem_tags, *(kept.tag_names if kept else [])]))
        if tags:
            self.fields["tags"].choices = [(tag, tag) for tag in tags]
        else:
            del self.fields["tags"]
        ask_by_name(self)

    def _leaf(self, key: str) -> Criterion:
        return self.leaves[key]

    @property
    def words(self) -> dict[str, Any]:
        """What the service takes."""
        return {"tags": [], **self.cleaned_data}


class WorkForm(RectificationForm):
    """The same for an entry that is being worked at, with what has become of it; `finishing` asks for that."""

    done_on = forms.DateField(label="完成日期", required=False, widget=DateInput())
    outcome = Text(
        label="完成情况", max_length=500, required=False, widget=forms.Textarea(attrs={"rows": 3}),
        help_text="做了什么、达到什么效果。",
    )  # fmt: skip

    def __init__(self, *args: Any, kept: Rectification, finishing: bool = False, **kwargs: Any) -> None:
        words = {name: getattr(kept, name) for name in ("gap", "cause", "measure", "responsible", "due_on", "outcome")}
        held = {"criterion": kept.criterion_id or "", "tags": kept.tag_names, "done_on": timezone.localdate()}
        super().__init__(*args, kept=kept, initial={**words, **held}, **kwargs)
        self.fields["done_on"].widget.attrs["max"] = timezone.localdate().isoformat()
        for name in ("done_on", "outcome"):
            self.fields[name].required = finishing

    @property
    def words(self) -> dict[str, Any]:
        """What the service takes beside the day on which it was done."""
        return {name: value for name, value in super().words.items() if name != "done_on"}


class ReviewForm(forms.Form):
    """The word of the second person."""

    remark = Text(
        label="复核意见", max_length=300, required=False, widget=forms.Textarea(attrs={"rows": 2}),
        help_text="退回继续整改的，写明还差什么。",
    )  # fmt: skip
