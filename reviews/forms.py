"""Input shapes of panels, visits, scores and results."""

import datetime
from collections.abc import Mapping
from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.db.models import Prefetch
from django.utils import timezone

from applications.models import Application
from branches.forms import TickedField
from branches.models import Branch, RoleGrant, User
from branches.roles import PANEL_ROLES, Role
from reviews.models import Award, Panel, SiteVisit
from reviews.services import results
from standards import answers, scoring
from standards.models import Campaign, Criterion, ScoreComponent, Track


class DateInput(forms.DateInput):
    input_type = "date"

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(format="%Y-%m-%d", **kwargs)


# Scores


def answers_in(data: Mapping[str, str], leaves: list[Criterion]) -> dict[int, tuple[dict[str, Any], str]]:
    """Answer and remark of every criterion whose fields were posted at all."""
    return {
        leaf.pk: (answers.answer_from(data, leaf), data[f"c{leaf.key}-remark"].strip())
        for leaf in leaves
        if f"c{leaf.key}-remark" in data
    }


class ConflictForm(forms.Form):
    remark = forms.CharField(
        label="回避事由",
        max_length=200,
        widget=forms.Textarea(attrs={"rows": 3}),
        help_text="例如：本人或近亲属在该支部工作、近三年曾任该支部书记。提交后不能查看和评分，已有评分不再计入。",
    )


# Panels


class MemberField(TickedField):
    def label_from_instance(self, user: User) -> str:
        return person_label(user)


class LeaderField(forms.ModelChoiceField):
    def label_from_instance(self, user: User) -> str:
        return person_label(user)


def person_label(user: User) -> str:
    roles = "、".join(dict.fromkeys(Role(grant.role).label for grant in user.panel_grants))
    speciality = f" · {user.speciality}" if user.speciality else ""
    return f"{user.name}（{user.unit.short_name}）· {roles}{speciality}"


class ComponentField(forms.ModelChoiceField):
    def label_from_instance(self, component: ScoreComponent) -> str:
        """Told apart from others of the same source by name, weight and what it looks at."""
        part = f"，只评{'、'.join(component.dimensions)}" if component.dimensions else ""
        weight = scoring.plain(component.weight)
        return f"{component.track} · {component.name}（{component.get_source_display()}，占{weight}%{part}）"


class PanelForm(forms.Form):
    """A new panel: what it scores, who sits in it, who leads it."""

    component = ComponentField(ScoreComponent.objects.none(), label="负责的计分构成")
    kind = forms.ChoiceField(label="类别", choices=Panel.Kind.choices, widget=forms.RadioSelect)
    name = forms.CharField(label="名称", max_length=60, help_text="例如：第一考核组")
    members = MemberField(
        User.objects.none(),
        label="成员",
        widget=forms.CheckboxSelectMultiple,
        help_text="只列出持有考核组员或专家授权的人员",
    )
    leader = LeaderField(User.objects.none(), label="组长", help_text="须在成员之中")

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        grants = RoleGrant.objects.in_force().filter(role__in=PANEL_ROLES)
        people = (
            User.objects.filter(is_active=True, pk__in=grants.values("user"))
            .select_related("unit")
            .prefetch_related(Prefetch("role_grants", grants, to_attr="panel_grants"))
        )
        self.fields["members"].queryset = self.fields["leader"].queryset = people
        self.fields["component"].queryset = (
            ScoreComponent.objects.filter(
                source__in=[ScoreComponent.Source.VISIT, ScoreComponent.Source.PRESENTATION],
                track__campaign__status=Campaign.Status.OPEN,
            )
            .select_related("track")
            .order_by("-track__campaign", "track__order", "track", "order", "pk")
        )

    def clean_name(self) -> str:
        name = self.cleaned_data["name"]
        component = self.cleaned_data.get("component")
        if component and Panel.objects.filter(track=component.track_id, name=name).exists():
            raise ValidationError("该轨道已有同名的评审组。", code="duplicate")
        return name


class BranchesField(TickedField):
    def label_from_instance(self, application: Application) -> str:
        return application.branch.short_name


class VisitForm(forms.Form):
    """One visit to one, several or all branches of a panel."""

    kind = forms.ChoiceField(label="类别", choices=SiteVisit.Kind.choices, widget=forms.RadioSelect)
    visited_on = forms.DateField(label="日期", widget=DateInput())
    note = forms.CharField(label="说明", max_length=200, required=False)
    everyone = forms.BooleanField(label="全部支部", required=False, help_text="本组在考评中的全部支部各安排一次")
    applications = BranchesField(
        Application.objects.none(), label="支部", required=False, widget=forms.CheckboxSelectMultiple
    )

    def __init__(self, *args: Any, applications, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["applications"].queryset = applications

    def clean(self) -> dict[str, Any]:
        data = super().clean()
        if not data.get("everyone") and not data.get("applications"):
            self.add_error("applications", ValidationError("请选择支部，或勾选“全部支部”。", code="nobody"))
        return data

    @property
    def chosen(self):
        everyone = self.cleaned_data["everyone"]
        return self.fields["applications"].queryset if everyone else self.cleaned_data["applications"]


class DrawForm(forms.Form):
    held_on = forms.DateField(label="展示日期", widget=DateInput())
    minutes_each = forms.IntegerField(label="每个支部（分钟）", min_value=1, max_value=60, initial=8)


# Results


class PublishForm(forms.Form):
    """Where the calendar of the year is known the closing day is computed; where it is not, it is asked for."""

    opens_on = forms.DateField(label="公示开始", widget=DateInput())
    closes_on = forms.DateField(
        label="公示截止",
        required=False,
        widget=DateInput(),
        help_text="不填则按法定工作日推算；遇节假日安排未公布的年份须填写",
    )
    body = forms.CharField(label="正文", max_length=2000, widget=forms.Textarea(attrs={"rows": 5}))

    def __init__(self, *args: Any, track: Track, **kwargs: Any) -> None:
        self.track = track
        kwargs.setdefault("initial", {"opens_on": timezone.localdate(), "body": notice_text(track)})
        super().__init__(*args, **kwargs)

    def clean_opens_on(self) -> datetime.date:
        day = self.cleaned_data["opens_on"]
        if day < timezone.localdate():
            raise ValidationError("公示不能从过去的日期开始。", code="past")
        return day

    def clean(self) -> dict[str, Any]:
        data = super().clean()
        opens_on, closes_on = data.get("opens_on"), data.get("closes_on")
        if not opens_on:
            return data
        try:
            shortest = results.closing_day(self.track, opens_on)
        except ValidationError as unknown:
            # Without the holidays of the year at least that many days must pass; people answer for the rest.
            shortest = opens_on + datetime.timedelta(days=self.track.notice_days)
            if not closes_on:
                self.add_error("closes_on", unknown)
        if closes_on and closes_on < shortest:
            text = f"公示须满{self.track.notice_days}个工作日，最早到{shortest:%Y年%m月%d日}。"
            self.add_error("closes_on", ValidationError(text, code="too_short"))
        return data


def notice_text(track: Track) -> str:
    return (
        f"根据《{track.campaign.name.strip('《》')}》，经考评、评定，现将{track.award_name}拟命名名单予以公示，"
        f"公示期{track.notice_days}个工作日。对公示对象有异议的，请在公示期内以书面形式向市局机关党委或市局纪检督察部门反映，"
        "反映情况应当实事求是、署真实姓名。"
    )


class ApprovalForm(forms.Form):
    approved_by = forms.CharField(label="批准机关", max_length=80, initial="市局党委")
    number = forms.CharField(label="批准文号", max_length=80)
    approved_on = forms.DateField(label="批准日期", widget=DateInput())

    def clean_approved_on(self) -> datetime.date:
        day = self.cleaned_data["approved_on"]
        if day > timezone.localdate():
            raise ValidationError("批准日期不能晚于今天。", code="future")
        return day


class AwardFilter(forms.Form):
    """Filters of the wall of honour."""

    q = forms.CharField(label="支部或牌匾编号", required=False, max_length=40)
    track = forms.ModelChoiceField(Track.objects.none(), label="称号", required=False, empty_label="全部称号")
    committee = forms.ModelChoiceField(Branch.objects.none(), label="所属党委", required=False, empty_label="全部党委")

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["track"].queryset = Track.objects.filter(pk__in=Award.objects.values("application__track"))
        committees = Branch.objects.filter(kind=Branch.Kind.COMMITTEE, depth=2)
        self.fields["committee"].queryset = committees
        self.fields["committee"].label_from_instance = lambda branch: branch.short_name
        for name, field in self.fields.items():
            field.widget.attrs["class"] = "form-control" if name == "q" else "form-select"

    def narrow(self, awards):
        data = self.cleaned_data if self.is_valid() else {}
        if q := data.get("q"):
            awards = awards.filter(application__branch__name__icontains=q) | awards.filter(plaque_number__icontains=q)
        if track := data.get("track"):
            awards = awards.filter(application__track=track)
        if committee := data.get("committee"):
            awards = awards.filter(application__branch__path__startswith=committee.path)
        return awards
