"""Input shapes of the material library."""

from django import forms
from django.core.exceptions import ValidationError
from django.utils import timezone

from applications.forms import DateInput


class FactsForm(forms.Form):
    """What a file shows, when and where it came about."""

    caption = forms.CharField(label="说明", max_length=120, required=False)
    taken_on = forms.DateField(label="形成日期", required=False, widget=DateInput())
    place = forms.CharField(label="地点", max_length=80, required=False)

    def clean_taken_on(self):
        day = self.cleaned_data["taken_on"]
        if day and day > timezone.localdate():
            raise ValidationError("形成日期不能晚于今天。", code="future")
        return day

    @property
    def given(self) -> dict:
        """The facts that were sent; a page that shows only the caption leaves date and place alone."""
        return {name: value for name, value in self.cleaned_data.items() if name in self.data}
