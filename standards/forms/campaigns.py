"""Input shapes for campaigns."""

from django import forms
from django.utils import timezone


class ApprovalForm(forms.Form):
    """On whose decision the campaign runs (S2-55)."""

    approved_by = forms.CharField(label="批准机关", max_length=80)
    approval_number = forms.CharField(label="批准文号", max_length=80, help_text="如：党发〔2026〕6号。")
    approved_on = forms.DateField(label="批准日期", widget=forms.DateInput(attrs={"type": "date"}, format="%Y-%m-%d"))

    def clean_approved_on(self):
        day = self.cleaned_data["approved_on"]
        if day > timezone.localdate():
            raise forms.ValidationError("批准日期不能晚于今天。", code="future")
        return day
