"""Input shapes of the branch's pages. Drafts are forgiving: only what cannot be stored is refused."""

from collections.abc import Collection, Mapping
from functools import cached_property
from typing import Any, NamedTuple

from django import forms
from django.db.models import Q

from applications.models import Application
from applications.prefill import Offer
from applications.services import submitting
from applications.states import SEALED, Status
from branches.models import Branch, User
from standards.models import FormField, Track


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


FIELD_KINDS = {
    FormField.Kind.LINE: lambda field: forms.TextInput(),
    FormField.Kind.TEXT: lambda field: forms.Textarea(attrs={"rows": 10 if (field.max_length or 0) > 800 else 5}),
    FormField.Kind.NUMBER: lambda field: forms.TextInput(attrs={"inputmode": "numeric"}),
    FormField.Kind.DATE: lambda field: DateInput(),
}


class FormRow(NamedTuple):
    """One field as the page shows it: its control, the mark it was read with, what is known for it, what others saved."""

    key: str
    field: forms.BoundField
    version: forms.BoundField
    offers: list[Offer]
    filled_from: str
    theirs: str | None


class ApplicationForm(forms.Form):
    """The fields of the 申报表 as the track defines them; a draft takes anything, also what is too long.

    Each field carries the mark of what the page was showing, so that two people only meet where they wrote the same one.
    A field nobody has saved yet opens with what is known for it.
    """

    def __init__(
        self, *args: Any, application: Application, offers: Mapping[str, list[Offer]] | None = None, **kwargs: Any
    ) -> None:
        super().__init__(*args, **kwargs)
        self.stored, self.offers = application.form_data, offers or {}
        self.keys = [field.key for field in application.track.form_fields.all()]
        self.theirs: dict[str, str] = {}
        for field in application.track.form_fields.all():
            widget = FIELD_KINDS[field.kind](field)
            widget.attrs["class"] = "form-control"
            if field.max_length:
                widget.attrs["data-most"] = field.max_length
            stored = self.stored.get(field.key, "")
            self.fields[f"f-{field.key}"] = Text(
                label=field.label, required=False, help_text=field.help_text, widget=widget, strip=False,
                initial=stored or self._known(field.key),
            )  # fmt: skip
            self.fields[f"v-{field.key}-version"] = forms.CharField(
                required=False, widget=forms.HiddenInput, initial=submitting.mark_of(stored)
            )

    @property
    def values(self) -> dict[str, str]:
        """What was typed, by the keys of the track's fields; a script sends one field at a time."""
        sent = [key for key in self.keys if f"f-{key}" in self.data]
        return {key: self.cleaned_data[f"f-{key}"] for key in sent}

    @property
    def marks(self) -> dict[str, str]:
        """What the page was showing in each field."""
        return {key: self.cleaned_data[f"v-{key}-version"] for key in self.keys}

    @cached_property
    def rows(self) -> list[FormRow]:
        """Every field with what is offered for it and does not stand in it already."""
        return [self._row(key) for key in self.keys]

    @property
    def filled(self) -> list[FormRow]:
        """Those that open with a suggestion which is not saved yet."""
        return [row for row in self.rows if row.filled_from]

    @property
    def fillable(self) -> list[FormRow]:
        """Those that are empty although something is offered for them."""
        return [row for row in self.rows if row.offers and not row.field.value()]

    def keep_theirs_in_sight(self, keys: Collection[str], current: Mapping[str, str]) -> None:
        """After a lost race: what stands now is shown beside these fields, in all others, and the next save counts."""
        self.data = self.data.copy()
        for key in self.keys:
            self.data[f"v-{key}-version"] = submitting.mark_of(current.get(key, ""))
            if key not in keys:
                self.data[f"f-{key}"] = current.get(key, "")
        self.theirs = {key: current.get(key, "") for key in keys}

    def _known(self, key: str) -> str:
        """The fact a field opens with while nobody has saved it."""
        if key in self.stored:
            return ""
        return next((offer.text for offer in self.offers.get(key, []) if offer.automatic), "")

    def _row(self, key: str) -> FormRow:
        bound = self[f"f-{key}"]
        value = bound.value() or ""
        others = [offer for offer in self.offers.get(key, []) if offer.text != value.strip()]
        known = "" if self.is_bound else self._known(key)
        label = next((offer.label for offer in self.offers.get(key, []) if offer.text == known), "") if known else ""
        return FormRow(key, bound, self[f"v-{key}-version"], others, label, self.theirs.get(key))
