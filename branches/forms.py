"""Input shapes for people, grants, passwords and the filters of the log."""

import datetime

from django import forms
from django.contrib.auth.forms import AuthenticationForm
from django.utils import timezone

from branches import audit_labels, keys, notices
from branches.models import Branch, Honour, User
from branches.roles import BRANCH_ROLES, READING_ROLES, Role


class DateInput(forms.DateInput):
    input_type = "date"

    def __init__(self) -> None:
        super().__init__(format="%Y-%m-%d")


class UnitField(forms.ModelChoiceField):
    """A node of the tree, indented by its depth."""

    def label_from_instance(self, branch: Branch) -> str:
        return f"{'　' * (branch.depth - 1)}{branch.short_name}"


class TickedField(forms.ModelMultipleChoiceField):
    """Rows ticked on a page. A key that no row can have is refused like any that is not offered, before it is asked for."""

    def clean(self, value):
        for typed in value or []:
            if not keys.is_number(str(typed)):
                raise forms.ValidationError(
                    self.error_messages["invalid_pk_value"], code="invalid_pk_value", params={"pk": str(typed)[:20]}
                )
        return super().clean(value)


class LoginForm(AuthenticationForm):
    username = forms.CharField(
        label="警号", max_length=20, widget=forms.TextInput(attrs={"autocomplete": "username", "autofocus": True})
    )
    password = forms.CharField(
        label="密码", strip=False, widget=forms.PasswordInput(attrs={"autocomplete": "current-password"})
    )
    error_messages = {
        "invalid_login": "警号或密码不正确，请核对后重试。连续输错5次将锁定30分钟。",
        "inactive": "该账号已停用，请联系系统管理员。",
    }


class NewPassword(forms.Form):
    new_password = forms.CharField(
        label="新密码",
        strip=False,
        widget=forms.PasswordInput(attrs={"autocomplete": "new-password"}),
        help_text="至少10位，不能全是数字，不能是常见密码，不要与姓名、警号相近。",
    )
    repeated = forms.CharField(
        label="再输一次新密码", strip=False, widget=forms.PasswordInput(attrs={"autocomplete": "new-password"})
    )

    def clean_repeated(self) -> str:
        repeated = self.cleaned_data["repeated"]
        if repeated != self.cleaned_data.get("new_password"):
            raise forms.ValidationError("两次输入的新密码不一致。", code="mismatch")
        return repeated


class PasswordForm(NewPassword):
    """One's own password: the present one first."""

    old_password = forms.CharField(
        label="当前密码", strip=False, widget=forms.PasswordInput(attrs={"autocomplete": "current-password"})
    )
    field_order = ["old_password", "new_password", "repeated"]

    def __init__(self, *args, user: User, **kwargs) -> None:
        super().__init__(*args, **kwargs)
        self.user = user

    def clean_old_password(self) -> str:
        old = self.cleaned_data["old_password"]
        if not self.user.check_password(old):
            raise forms.ValidationError("当前密码不正确。", code="wrong_password")
        return old


class AccountForm(forms.Form):
    """What the account says about the person; the units are those the administrator looks after."""

    name = forms.CharField(label="姓名", max_length=40)
    unit = UnitField(label="所在党组织", queryset=Branch.objects.none())
    email = forms.EmailField(label="邮箱", required=False, help_text="填写后，通知同时发到邮箱。")
    phone = forms.CharField(label="电话", max_length=30, required=False)
    speciality = forms.CharField(
        label="专长", max_length=60, required=False, help_text="专家、考核组员填写，供分工参考。"
    )
    valid_until = forms.DateField(
        label="账号有效期至", required=False, widget=DateInput(), help_text="留空为长期有效。"
    )

    def __init__(self, *args, by: User, **kwargs) -> None:
        super().__init__(*args, **kwargs)
        self.fields["unit"].queryset = Branch.objects.visible_to(by).order_by("path")


class NewAccountForm(AccountForm):
    police_no = forms.RegexField(
        label="警号",
        regex=r"^[A-Za-z0-9]{2,20}$",
        error_messages={"invalid": "警号由2至20位字母或数字组成。"},
        help_text="用于登录，建好后不能更改。",
    )
    password = forms.CharField(
        label="初始密码",
        strip=False,
        widget=forms.PasswordInput(attrs={"autocomplete": "new-password"}),
        help_text="至少10位，不能全是数字；请当面告知本人，并提醒尽快修改。",
    )
    field_order = ["police_no", "name", "unit", "password"]


class Filter(forms.Form):
    """A row of filters above a list, asked by GET; drawn by shared/_filters.html."""

    def __init__(self, *args, by: User | None = None, **kwargs) -> None:
        super().__init__(*args, **kwargs)
        for field in self.fields.values():
            field.widget.attrs["class"] = "form-select" if isinstance(field, forms.ChoiceField) else "form-control"
            if isinstance(field, UnitField):
                field.widget.attrs["class"] = "form-select"
                field.queryset = Branch.objects.visible_to(by).order_by("path")


class PeopleFilter(Filter):
    q = forms.CharField(label="姓名或警号", required=False, max_length=40)
    unit = UnitField(label="党组织（含下级）", queryset=Branch.objects.none(), required=False, empty_label="全部")
    state = forms.ChoiceField(
        label="状态", required=False, choices=[("", "全部"), ("active", "启用"), ("inactive", "停用")]
    )


class GrantForm(forms.Form):
    police_no = forms.CharField(label="警号", max_length=20, help_text="被授权人须已有启用的账号。")
    role = forms.ChoiceField(label="职务", choices=[("", "请选择"), *Role.choices])
    branch = UnitField(label="在哪个党组织（权限含其下级）", queryset=Branch.objects.none())
    valid_from = forms.DateField(label="自", initial=timezone.localdate, widget=DateInput())
    valid_to = forms.DateField(label="至", required=False, widget=DateInput(), help_text="留空为长期。")

    def __init__(self, *args, by: User, **kwargs) -> None:
        super().__init__(*args, **kwargs)
        self.by = by
        self.fields["branch"].queryset = Branch.objects.visible_to(by).order_by("path")

    def clean_police_no(self) -> str:
        number = self.cleaned_data["police_no"].strip()
        self.person = User.objects.visible_to(self.by).filter(police_no=number).first()
        if self.person is None:
            raise forms.ValidationError("没有这个警号的账号；请核对，或先由系统管理员建账号。", code="unknown")
        return number


class GrantFilter(Filter):
    q = forms.CharField(label="姓名或警号", required=False, max_length=40)
    role = forms.ChoiceField(label="职务", required=False, choices=[("", "全部"), *Role.choices])
    state = forms.ChoiceField(label="状态", required=False, choices=[("", "有效"), ("over", "已结束"), ("all", "全部")])


class PaceForm(forms.Form):
    pace = forms.ChoiceField(label="站外通知怎样发", choices=User.Pace.choices, widget=forms.RadioSelect)


class TermForm(forms.Form):
    ends_on = forms.DateField(label="新一届届满日期", widget=DateInput())
    basis = forms.CharField(
        label="批复文号", max_length=80, help_text="上级党委批复选举结果的文号，如“市公党〔2026〕8号”。"
    )


class NoticeFilter(Filter):
    kind = forms.ChoiceField(label="类别", required=False, choices=[("", "全部类别"), *notices.KINDS.items()])
    q = forms.CharField(label="标题或内容", required=False, max_length=60)
    since = forms.DateField(label="自", required=False, widget=DateInput())
    until = forms.DateField(label="至", required=False, widget=DateInput())


class HonourForm(forms.ModelForm):
    """One honour; the branch is asked for only where the person keeps several ledgers."""

    branch = UnitField(label="党支部", queryset=Branch.objects.none())
    mark = forms.CharField(required=False, widget=forms.HiddenInput)
    field_order = ["branch"]

    class Meta:
        model = Honour
        # Without the branch: what stands there twice is told by the service, which knows of races.
        fields = ["name", "level", "holder", "recipient", "issuer", "document_number", "awarded_on"]
        widgets = {"awarded_on": DateInput()}
        help_texts = {
            "name": "照证书或文件上的全称填写。",
            "recipient": "个人荣誉填写姓名，集体荣誉不填。",
            "document_number": "有文件的填写，如“市公党〔2026〕8号”。",
        }

    def __init__(self, *args, by: User, **kwargs) -> None:
        super().__init__(*args, **kwargs)
        kept = Branch.objects.kept_by(by)
        self.fields["branch"].queryset = kept
        self.fields["level"].choices = [("", "请选择"), *Honour.Level.choices]
        self.fields["awarded_on"].widget.attrs["max"] = timezone.localdate().isoformat()
        if self.instance.pk:
            del self.fields["branch"]
            self.fields["mark"].initial = self.instance.mark
        elif len(kept) == 1:
            self.fields["branch"].initial = kept[0]
            self.fields["branch"].widget = forms.HiddenInput()
        for field in self.fields.values():
            field.error_messages["required"] = f"请填写{field.label}。"

    def clean_awarded_on(self) -> datetime.date:
        day = self.cleaned_data["awarded_on"]
        if day > timezone.localdate():
            raise forms.ValidationError("授予日期不能晚于今天。", code="future")
        return day

    def clean(self):
        data = super().clean()
        if data.get("holder") == Honour.Holder.COLLECTIVE:
            data["recipient"] = ""
        elif not data.get("recipient"):
            self.add_error("recipient", forms.ValidationError("个人荣誉请填写获奖人姓名。", code="recipient"))
        return data

    @property
    def values(self) -> dict:
        return {name: value for name, value in self.cleaned_data.items() if name not in ("branch", "mark")}


class HonourFilter(Filter):
    q = forms.CharField(label="荣誉名称", required=False, max_length=60)
    level = forms.ChoiceField(label="级别", required=False, choices=[("", "全部"), *Honour.Level.choices])
    branch = UnitField(label="党组织（含下级）", queryset=Branch.objects.none(), required=False, empty_label="全部")

    def __init__(self, *args, by: User, **kwargs) -> None:
        super().__init__(*args, by=by, **kwargs)
        if not by.roles.intersection(set(READING_ROLES) - set(BRANCH_ROLES)):
            del self.fields["branch"]


class AuditFilter(Filter):
    q = forms.CharField(label="操作人姓名或警号", required=False, max_length=40)
    action = forms.ChoiceField(
        label="动作", required=False, choices=[("", "全部"), *sorted(audit_labels.ACTIONS.items(), key=lambda a: a[1])]
    )
    target = forms.ChoiceField(label="对象类别", required=False, choices=[("", "全部"), *audit_labels.OBJECTS.items()])
    label = forms.CharField(label="对象名称含", required=False, max_length=60)
    branch = UnitField(label="党组织（含下级）", queryset=Branch.objects.none(), required=False, empty_label="全部")
    since = forms.DateField(label="自", required=False, widget=DateInput())
    until = forms.DateField(label="至", required=False, widget=DateInput())

    @property
    def wanted(self) -> dict:
        """For AuditEntry.objects.matching(): whole days become instants."""
        asked = dict(self.cleaned_data) if self.is_valid() else {}
        for name, later in (("since", 0), ("until", 1)):
            if asked.get(name):
                day = asked[name] + datetime.timedelta(days=later)
                asked[name] = timezone.make_aware(datetime.datetime.combine(day, datetime.time.min))
        return asked
