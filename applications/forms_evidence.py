"""Input shapes of the material library."""

from django import forms
from django.core.exceptions import ValidationError
from django.utils import timezone

from applications.forms import DateInput
from applications.library import ORDERS
from applications.models import KINDS
from standards.models import Criterion

LOOK = {"class": "form-control"}


class FactsForm(forms.Form):
    """What a file shows, when and where it came about."""

    caption = forms.CharField(label="说明", max_length=120, required=False, widget=forms.TextInput(attrs=LOOK))
    taken_on = forms.DateField(label="形成日期", required=False, widget=DateInput(attrs=LOOK))
    place = forms.CharField(label="地点", max_length=80, required=False, widget=forms.TextInput(attrs=LOOK))

    def clean_taken_on(self):
        day = self.cleaned_data["taken_on"]
        if day and day > timezone.localdate():
            raise ValidationError("形成日期不能晚于今天。", code="future")
        return day

    @property
    def given(self) -> dict:
        """The facts that were sent; a page that shows only the caption leaves date and place alone."""
        return {name: value for name, value in self.cleaned_data.items() if self.add_prefix(name) in self.data}


class LibraryFilter(forms.Form):
    """What the library's page is asked to show; a filter that makes no sense is left out."""

    q = forms.CharField(label="文件名、说明或地点", max_length=60, required=False)
    kind = forms.ChoiceField(label="类型", required=False)
    cited = forms.ChoiceField(
        label="引用情况", required=False, choices=[("", "不限"), ("no", "尚未引用"), ("yes", "已引用")]
    )
    under = forms.TypedChoiceField(label="引用到的指标", required=False, empty_value=None, coerce=int)
    order = forms.ChoiceField(
        label="排序", required=False, choices=[(key, label) for key, (label, _) in ORDERS.items()]
    )
    view = forms.ChoiceField(required=False, choices=[("", "列表"), ("grid", "图片墙")], widget=forms.HiddenInput)

    def __init__(self, *args, leaves: list[Criterion], **kwargs):
        super().__init__(*args, **kwargs)
        self.fields["kind"].choices = [("", "全部"), *((kind, label) for kind, (label, *_) in KINDS.items())]
        self.fields["under"].choices = [("", "不限"), *((leaf.pk, f"{leaf.code} {leaf.title}") for leaf in leaves)]

    @property
    def asked(self) -> dict:
        self.full_clean()
        return self.cleaned_data

    @property
    def is_asked(self) -> bool:
        """Whether anything is left out of the list."""
        return any(self.asked.get(name) for name in ("q", "kind", "cited", "under"))
