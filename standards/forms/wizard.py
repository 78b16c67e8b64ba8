"""The steps of setting a campaign up: what each asks, and how its tables become rows."""

import re
from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.utils import timezone

from branches.models import Branch
from standards import calendar_words
from standards.forms.rows import BaseRows, Count, DateInput, Lines, Listed, Points, Row, with_codes
from standards.models import (
    BREAKERS,
    SELF_GAP,
    STARS,
    Campaign,
    FormField,
    Rubric,
    ScoreComponent,
    Stage,
    StageTask,
    Track,
)

# What a branch ticks beside a gap, in a word or two.
TAG_LENGTH = 30
CLEARANCES = (("recommend", "推荐或上报前"), ("review", "进入考评前"), ("name", "命名前"))


def text_area(rows: int) -> forms.Textarea:
    return forms.Textarea(attrs={"rows": rows})


def ask_by_name(form: forms.BaseForm) -> None:
    for field in form.fields.values():
        field.error_messages["required"] = f"请填写{field.label}。"


class NewCampaignForm(forms.Form):
    """A blank draft, or the next round of an earlier campaign."""

    name = forms.CharField(label="活动全称", max_length=120, help_text="与方案标题一致。")
    short_name = forms.CharField(label="简称", max_length=40, help_text="各页面和通知中用它称呼本活动。")
    round_label = forms.CharField(label="轮次", max_length=40, required=False, help_text="如：2026年（第三轮）。")
    code = forms.RegexField(
        r"^[A-Za-z0-9-]+$", label="编码", max_length=20, help_text="字母和数字，印在回执号前面，以后不再改。",
        error_messages={"invalid": "编码只能用字母、数字和短横线，例如 C2026。"},
    )  # fmt: skip
    source = forms.ModelChoiceField(
        Campaign.objects.none(), label="从哪里开始", required=False, empty_label="空白活动，逐步填写",
        help_text="选一个以前的活动，就照它开新一轮：轨道、日程、计分、等次、申报表都抄过来，再逐步修改。",
    )  # fmt: skip
    years = forms.IntegerField(
        label="日期推后几年", min_value=-50, max_value=50, initial=1, required=False,
        help_text="照以前的活动开新一轮时，各阶段日期和文字里的年份一起推后。",
    )  # fmt: skip

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["source"].queryset = Campaign.objects.all()
        ask_by_name(self)


class BasisForm(forms.Form):
    """Step 1: what the campaign rests on."""

    name = forms.CharField(label="活动全称", max_length=120)
    short_name = forms.CharField(label="简称", max_length=40)
    round_label = forms.CharField(label="轮次", max_length=40, required=False, help_text="如：2026年（第三轮）。")
    issuer = forms.CharField(label="印发单位", max_length=120, required=False)
    basis = forms.CharField(
        label="方案依据", required=False, max_length=4000, widget=text_area(3), help_text="方案名称和文号，可写多行。"
    )
    description = forms.CharField(label="活动说明", required=False, max_length=4000, widget=text_area(4))
    upload = forms.FileField(
        label="上传方案原件", required=False,
        widget=forms.FileInput(attrs={"accept": ".pdf,.docx"}), help_text="PDF 或 Word（docx）。再次上传即替换。",
    )  # fmt: skip

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        ask_by_name(self)


# Step 2


class TrackRow(Row):
    award_name = forms.CharField(label="称号", max_length=80)
    round_label = forms.CharField(label="轮次", max_length=40, required=False)
    mode = forms.ChoiceField(label="方式", choices=Track.Mode.choices)
    rubric = forms.ModelChoiceField(Rubric.objects.none(), label="自评标准", empty_label="请选择")
    series = forms.CharField(
        label="系列", max_length=20, required=False, help_text="同一称号逐年各一轮的，填同一系列，便于对照历年。"
    )
    quota = Count(label="名额", help_text="竞争评选必填。")
    reserves = Count(label="候补")
    pass_line = Points(label="达标线", help_text="总分按百分制。")
    self_line = Points(label="自评达标线", help_text="自评不到此分不能申报。")
    check_line = Points(label="核查达标线", help_text="党委核查不到此分不能通过。")
    notice_days = Count(label="公示工作日", most=60)
    valid_years = Count(label="称号有效年数", least=1, most=50)
    plaque_prefix = forms.CharField(label="牌匾编号前缀", max_length=20, required=False)
    form_copies = Count(label="申报表份数", least=1, most=20)
    code = forms.CharField(required=False, widget=forms.HiddenInput)
    wide = ("award_name", "rubric")

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["rubric"].queryset = Rubric.objects.exclude(status=Rubric.Status.RETIRED)
        self.fields["rubric"].label_from_instance = lambda rubric: f"{rubric}{'，草稿' if rubric.is_draft else ''}"

    def clean_reserves(self):
        return self.cleaned_data["reserves"] or 0

    def clean_notice_days(self):
        return 5 if self.cleaned_data["notice_days"] is None else self.cleaned_data["notice_days"]

    def clean_valid_years(self):
        return self.cleaned_data["valid_years"] or 2

    def clean_form_copies(self):
        return self.cleaned_data["form_copies"] or 3


class TrackRows(BaseRows):
    add_label = "增加一条轨道"

    @property
    def rows(self) -> list[dict[str, Any]]:
        return with_codes(super().rows, "code", "T")


# Step 3


class StageRow(Row):
    kind = forms.ChoiceField(label="类别", choices=[("", "请选择"), *Stage.Kind.choices])
    name = forms.CharField(label="名称", max_length=60)
    date_text = forms.CharField(label="方案写法", max_length=120, required=False, help_text="照抄方案，如：4月底前。")
    opens_on = forms.DateField(label="开始", required=False, widget=DateInput())
    closes_on = forms.DateField(label="截止（含当天）", required=False, widget=DateInput())
    inferred = forms.BooleanField(label="日期为推定", required=False)
    actors = Lines(label="责任主体", help_text="一行一个。")
    outputs = Lines(label="产出", help_text="一行一样。")
    hint = ""

    def clean(self):
        data = super().clean()
        opens, closes = data.get("opens_on"), data.get("closes_on")
        if opens and closes and closes < opens:
            self.add_error("closes_on", ValidationError("截止日不能早于开始日。", code="before"))
        return data


class StageRows(BaseRows):
    unique = ("kind", "每条轨道一种类别只设一个阶段，这个类别重复了。")
    add_label = "增加一个阶段"

    def hint_at(self, year: int) -> None:
        """Say beside each row what its wording comes to, where the dates differ from it."""
        for form in self.forms:
            span = calendar_words.days_of(str(form["date_text"].value() or ""), year)
            if span:
                form.hint = _hint(span, form["opens_on"].value(), form["closes_on"].value())


def _hint(span: calendar_words.Span, opens: Any, closes: Any) -> str:
    if (span.opens is None or str(span.opens) == str(opens)) and (
        span.closes is None or str(span.closes) == str(closes)
    ):
        return ""
    ends = [f"{day:%Y年%m月%d日}{word}" for day, word in ((span.opens, "开始"), (span.closes, "截止")) if day]
    return f"按方案写法推算：{'，'.join(ends)}{f'（{span.note}）' if span.note else ''}。"


class TaskFields(Row):
    """What is asked of a branch, whoever asks it."""

    kind = forms.ChoiceField(label="类别", choices=[("", "请选择"), *StageTask.Kind.choices])
    name = forms.CharField(label="名称", max_length=60)
    proof = forms.CharField(label="证明材料", max_length=80, required=False, help_text="如：会议记录、照片。")
    proof_required = forms.BooleanField(label="须附证明才算完成", required=False)
    min_attendance = Count(label="到会率不低于%", least=1, most=100, help_text="只对会议。")

    def clean(self):
        data = super().clean()
        meetings = (StageTask.Kind.COMMITTEE_MEETING, StageTask.Kind.MEMBERS_MEETING)
        if data.get("min_attendance") and data.get("kind") and data["kind"] not in meetings:
            self.add_error("min_attendance", ValidationError("只有会议可以要求到会率。", code="no_meeting"))
        return data


class TaskRow(TaskFields):
    stage = forms.ChoiceField(label="属于哪个阶段", choices=[("", "请选择"), *Stage.Kind.choices])
    field_order = ("pk", "stage")


class TaskRows(BaseRows):
    add_label = "增加一项任务"


# Step 4


class RecommendForm(forms.Form):
    """Who recommends and how many, who may apply, what the inspectors must have cleared."""

    way = forms.ChoiceField(
        label="怎样报送市局", widget=forms.RadioSelect,
        choices=[("rank", "推荐单位排序推荐，有数量限制"), ("forward", "核查通过的全部上报，不排序")],
    )  # fmt: skip
    recommend_min = Count(label="至少推荐几个", least=0, most=200)
    recommend_max = Count(label="最多推荐几个", least=1, most=200)
    self_nomination = forms.BooleanField(label="市局机关支部可以自荐", required=False)
    clearance_points = forms.MultipleChoiceField(
        label="须先由纪检督察出具无问题意见", required=False, choices=CLEARANCES, widget=forms.CheckboxSelectMultiple
    )
    solid_required = forms.BooleanField(label="须为过硬支部", required=False)
    min_members = Count(label="党员至少几名", least=1)
    min_years = Count(label="支部成立满几年", least=1, most=100)
    eligible_lines = Listed(label="限定警种", help_text="不限请留空；几个之间用顿号。")
    eligibility_note = forms.CharField(
        label="其他申报条件", required=False, max_length=2000, widget=text_area(4),
        help_text="系统不能自动判断的条件，照抄方案，由推荐单位把关。",
    )  # fmt: skip
    problem_tags = Lines(label="自查整改的问题类型", help_text="一行一个，支部登记整改时勾选，如：两张皮。不用请留空。")

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        ask_by_name(self)

    def clean_eligible_lines(self):
        lines = self.cleaned_data["eligible_lines"]
        known = set(Branch.objects.grassroots().values_list("line", flat=True))
        if unknown := [line for line in lines if line not in known]:
            named = "、".join(sorted(filter(None, known))) or "尚未登记"
            raise ValidationError(f"没有支部属于“{'、'.join(unknown)}”；现有警种：{named}。", code="unknown_line")
        return lines

    def clean_problem_tags(self):
        tags = self.cleaned_data["problem_tags"]
        if long := [tag for tag in tags if len(tag) > TAG_LENGTH]:
            raise ValidationError(f"“{long[0]}”太长，每个类型不超过{TAG_LENGTH}个字。", code="too_long")
        return tags

    def clean(self):
        data = super().clean()
        least, most = data.get("recommend_min"), data.get("recommend_max")
        if data.get("way") == "forward":
            data["recommend_max"], data["recommend_min"] = None, 1 if least is None else least
        elif "recommend_max" not in self.errors and "recommend_min" not in self.errors:
            data["recommend_min"] = 1 if least is None else least
            if most is None:
                self.add_error("recommend_max", ValidationError("排序推荐请填写最多几个。", code="required"))
            elif most < data["recommend_min"]:
                self.add_error("recommend_max", ValidationError("最多不能少于至少。", code="less"))
        return data


# Step 5


class ScoringForm(forms.Form):
    """What is not a row of its own: tie-breakers beyond the components, the grade to be named, where stars are read."""

    self_gap = Count(label=f"同分比较“{BREAKERS[SELF_GAP]}”排第几", least=1, most=20)
    stars = Count(label=f"同分比较“{BREAKERS[STARS]}”排第几", least=1, most=20)
    pass_grade = forms.CharField(
        label="命名最低等次",
        max_length=20,
        required=False,
        help_text="达标验收用：不低于此等次方可命名，须是上面等次中的一个。",
    )
    grade_component = forms.ChoiceField(label="得星与各维度看哪一项", required=False)

    def __init__(self, *args: Any, parts: list[tuple[str, str]], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["grade_component"].choices = [("", "计分构成的第一项"), *parts]


class ComponentRow(Row):
    source = forms.ChoiceField(label="来源", choices=[("", "请选择"), *ScoreComponent.Source.choices])
    name = forms.CharField(label="名称", max_length=40)
    weight = Points(label="权重%", most=100, widget=forms.TextInput(attrs={"class": "weight"}))
    breaker = Count(label="同分比较排第几", least=1, most=20, help_text="不比请留空。")
    rubric = forms.ModelChoiceField(
        Rubric.objects.none(),
        label="评分标准",
        required=False,
        empty_label="轨道的自评标准",
        help_text="考评和展示可另选。",
    )
    dimensions = Listed(label="只取哪些维度", help_text="一级维度的编号，用顿号；空为整套。")
    method = forms.ChoiceField(label="评委分怎样合成", choices=ScoreComponent.Method.choices)
    trim_from = Count(label="几人起去最高最低", least=3, most=50, help_text="不填为5人。")
    min_scores = Count(label="至少几份评分", least=1, most=50, help_text="不足算资料不全；不填为1份。")
    over_time = forms.ChoiceField(label="多次考评怎样合成", choices=ScoreComponent.OverTime.choices)
    pass_line = Points(label="本项达标线")
    suggested = forms.BooleanField(label="权重为建议值", required=False)
    code = forms.CharField(required=False, widget=forms.HiddenInput)

    def __init__(self, *args: Any, track: Track, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.track = track
        self.fields["weight"].required = True
        self.fields["rubric"].queryset = Rubric.objects.exclude(status=Rubric.Status.RETIRED)

    def clean(self):
        data = super().clean()
        data["trim_from"], data["min_scores"] = data.get("trim_from") or 5, data.get("min_scores") or 1
        panel = data.get("source") in (ScoreComponent.Source.VISIT, ScoreComponent.Source.PRESENTATION)
        if data.get("source") and data.get("rubric") and not panel:
            self.add_error("rubric", ValidationError("自评和核查按轨道的自评标准，不能另选。", code="own_rubric"))
        tops = (data.get("rubric") or self.track.rubric).dimensions if data.get("dimensions") else []
        codes = [top.code for top in tops]
        if unknown := [code for code in data.get("dimensions") or [] if code not in codes]:
            text = f"标准里没有维度“{'、'.join(unknown)}”；可填：{'、'.join(codes)}。"
            self.add_error("dimensions", ValidationError(text, code="unknown_dimension"))
        return data


class ComponentRows(BaseRows):
    add_label = "增加一项"

    @property
    def rows(self) -> list[dict[str, Any]]:
        """With the codes by which tie-breakers and grades name them: the source, numbered where it comes twice."""
        rows = super().rows
        taken = {row["code"] for row in rows if row["code"]}
        for row in rows:
            number, code = 1, row["code"]
            while not code:
                candidate = row["source"] if number == 1 else f"{row['source']}-{number}"
                code = "" if candidate in taken else candidate
                number += 1
            taken.add(code)
            row["code"] = code
        return rows


class GradeRow(Row):
    name = forms.CharField(label="等次", max_length=20)
    at_least = Points(label="总分不低于", most=100)
    share = Points(label="比例不超过%", most=100)
    stars = Count(label="得星不少于", least=1, most=50)
    each_dimension = Points(label="各维度不低于%", most=100)
    component = forms.ChoiceField(label="另有单项要求", required=False)
    component_min = Points(label="该单项不低于")

    def __init__(self, *args: Any, parts: list[tuple[str, str]], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["component"].choices = [("", "没有"), *parts]


class GradeRows(BaseRows):
    unique = ("name", "等次“{}”重复了。")
    add_label = "增加一个等次"


# Step 6


class FieldRow(Row):
    label = forms.CharField(label="栏目", max_length=40)
    kind = forms.ChoiceField(label="类型", choices=FormField.Kind.choices)
    max_length = Count(label="字数上限", least=1, most=10000)
    required = forms.BooleanField(label="必填", required=False, initial=True)
    source = forms.ChoiceField(label="自动带入", choices=FormField.Source.choices, required=False)
    help_text = forms.CharField(label="填写说明", max_length=200, required=False)
    key = forms.CharField(required=False, widget=forms.HiddenInput)
    wide = ("help_text",)


class FieldRows(BaseRows):
    unique = ("label", "栏目“{}”重复了。")
    add_label = "增加一栏"

    @property
    def rows(self) -> list[dict[str, Any]]:
        return with_codes(super().rows, "key", "field")


class HonourRow(Row):
    name = forms.CharField(label="名称", max_length=60)
    quota = Count(label="名额", least=1, help_text="不限请留空。")
    text = forms.CharField(label="条件与要求", max_length=2000, required=False, widget=text_area(2))
    code = forms.CharField(required=False, widget=forms.HiddenInput)
    wide = ("text",)


class HonourRows(BaseRows):
    unique = ("name", "荣誉“{}”重复了。")
    add_label = "增加一项荣誉"

    @property
    def rows(self) -> list[dict[str, Any]]:
        return with_codes(super().rows, "code", "honour")


def year_of(track: Track) -> int:
    """The year a plan means when it names none: the one in the round's label, else that of the calendar, else this."""
    for label in (track.round_label, track.campaign.round_label, track.campaign.name):
        if found := re.search(r"20\d\d", label):
            return int(found[0])
    begins = track.begins_on
    return begins.year if begins else timezone.localdate().year
