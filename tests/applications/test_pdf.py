"""The 申报表 as paper: what is read back is what was frozen, nothing is cut, the same bytes every time."""

import io
import os
import re
import subprocess
import sys
from functools import cache

import pypdf
import pytest
from django.conf import settings
from django.core.files.base import ContentFile
from django.core.files.storage import default_storage

from applications import pdf, tasks
from applications.models import Snapshot
from branches import jobs, typesetting
from branches.models import Job
from tests.applications import contents

BOXES = ["支部意见", "纪检督察意见", "分局（支队）党委意见", "市局机关党委（考核组）意见", "市局党委意见"]
FOOT = re.compile(r"一式\d+份·回执号[\w-]+·第\d+次提交·内容哈希[0-9a-f]{12}|—\d+/\d+—")


def squeezed(text):
    return re.sub(r"\s", "", text)


def read(data):
    return [squeezed(page.extract_text()) for page in pypdf.PdfReader(io.BytesIO(data)).pages]


@cache
def pages_of(make):
    return read(pdf.render(contents.snapshot(make())))


def body(pages):
    """The running text without the foot of each page, which would stand in the middle of a paragraph."""
    return "".join(FOOT.sub("", page) for page in pages)


def values_of(made):
    """Every value a person typed or earned, as plain strings."""
    branch = made["branch"]
    yield from (made["campaign"]["name"], made["track"]["award"], made["road"])
    yield from (branch["name"], branch["parent"], branch["line"], branch["solid"])
    yield from (branch["secretary"]["name"], branch["secretary"]["title"], branch["secretary"]["phone"])
    for member in branch["committee"]:
        yield member["name"] + member["post"] + (member["duties"] or "无")
    for field in made["fields"]:
        yield field["value"]
    for item in made["plan"]:
        yield item["measure"]
        yield "".join(item[key] or "无" for key in ("indicator", "baseline", "target", "actual"))
    for task in made["tasks"]:
        yield task["name"]
    yield made["assessment"]["rubric"]["name"]
    for number, top in enumerate(made["assessment"]["dimensions"], 1):
        yield f"{number}{top['title']}{top['max']}{top['points']}"
        for leaf in top["items"]:
            yield leaf["code"] + leaf["title"]
            yield leaf["remark"]
    for citation in made["evidence"]:
        yield citation["name"]


@pytest.fixture(scope="module")
def printed():
    return contents.content(), pages_of(contents.content)


def test_text_read_back_is_the_frozen_content(printed):
    made, pages = printed
    text = body(pages)
    assert [value for value in values_of(made) if squeezed(value) not in text] == []


def test_dates_and_counts_are_printed_in_chinese(printed):
    text = body(printed[1])
    assert "成立时间1998年7月1日本届届满2025年6月30日正式党员21名预备党员2名民警26名辅警48名" in text
    assert "党员大会部署创建工作2023年3月16日232212" in text
    assert "填报日期2023年4月18日" in text


def test_every_page_carries_its_number_and_the_trace(printed):
    made, pages = printed
    snapshot = contents.snapshot(made)
    trace = f"一式3份·回执号S2-000007-1·第1次提交·内容哈希{snapshot.short_hash}"
    assert [(f"—{number}/{len(pages)}—" in page, trace in page) for number, page in enumerate(pages, 1)] == [
        (True, True)
    ] * len(pages)


def test_an_item_is_one_row_of_the_annex(printed):
    item = printed[0]["assessment"]["dimensions"][0]["items"][0]
    assert squeezed("".join((item["code"], item["title"], item["max"], item["points"], item["remark"]))) in body(
        printed[1]
    )


@pytest.mark.parametrize("made", [contents.content, contents.full, contents.empty])
def test_opinion_boxes_are_never_split(made):
    pages = pages_of(made)
    assert len([page for page in pages if "（盖章）年月日" in page]) == 1
    found = [[page.find(box) for page in pages] for box in BOXES]
    assert [sum(place >= 0 for place in places) for places in found] == [1] * 5
    for box, places in zip(BOXES, found, strict=True):
        page = next(page for page, place in zip(pages, places, strict=True) if place >= 0)
        # The label stands in the middle of its box: as many boxes as seals and dates on the page.
        here = [other for other in BOXES if other in page]
        assert (box in here, page.count("（盖章）年月日")) == (True, len(here))


@pytest.mark.parametrize(
    ("road", "words"),
    [("排序推荐", "在本单位推荐的支部中排第名。"), ("自荐", "市局机关自荐支部，此栏不填。"), ("上报", "")],
)
def test_committee_box_follows_the_road(road, words):
    html = squeezed(pdf.html_of(contents.snapshot(contents.content(road=road))))
    box = html.split("党委意见</th>")[1].split("</td>")[0]
    assert re.sub(r"<[^>]*>", "", box) == words


def test_paper_is_a4_with_language_title_and_bookmarks():
    reader = pypdf.PdfReader(io.BytesIO(pdf.render(contents.snapshot())))
    assert {tuple(round(float(side) / 72 * 25.4) for side in page.mediabox[2:]) for page in reader.pages} == {
        (210, 297)
    }
    assert reader.root_object["/Lang"] == "zh-CN"
    assert reader.metadata.title == "“最强支部·最美所队”评选创建活动申报表（某市公安局甲县分局城关派出所党支部）"
    assert reader.metadata.creation_date.isoformat() == "2023-04-18T09:30:00+08:00"
    titles = [entry.title for entry in reader.outline[1] if not isinstance(entry, list)]
    assert titles == [
        "一、基本情况", "二、申报内容", "三、创建活动计划", "四、阶段任务完成情况", "五、自评得分", "六、审核意见",
        "附：自评得分明细表", "附：佐证材料目录",
    ]  # fmt: skip


def test_longest_form_keeps_every_word():
    made, pages = contents.full(), pages_of(contents.full)
    text = body(pages)
    assert [value for value in values_of(made) if squeezed(value) not in text] == []
    assert all(len(FOOT.sub("", page)) > 60 for page in pages)


def test_empty_form_says_none_or_leaves_a_gap():
    text = body(pages_of(contents.empty))
    assert "所属党组织无警种/序列无经办人电话无成立时间无本届届满无" in text
    assert "支部书记姓名无职务无任职时间无电话无过硬支部达标情况无" in text
    assert "序号姓名党内职务分工无" in text
    assert "支部党员大会应到人，实到人，赞成人。" in text  # gaps to write in by hand


def test_html_in_values_is_printed_not_obeyed():
    attack = '<script>x</script><img src="file:///etc/hostname"><style>*{display:none}</style>'
    made = contents.content()
    made["branch"]["name"] = made["fields"][1]["value"] = attack
    snapshot = contents.snapshot(made)
    assert "<script" not in pdf.html_of(snapshot)
    assert squeezed(attack) in body(read(pdf.render(snapshot)))


def test_control_characters_are_left_out():
    made = contents.content()
    made["fields"][0]["value"] = "党旗红\x0b\x01警徽亮"
    assert "党旗红警徽亮" in body(read(pdf.render(contents.snapshot(made))))


# Faces


def test_every_character_has_a_glyph(printed):
    assert typesetting.missing_faces() == []
    assert pdf.missing_glyphs(contents.snapshot(printed[0])) == set()


def test_rare_names_are_drawn_by_the_fallback_faces():
    assert typesetting.missing_glyphs(contents.RARE) == set()
    made = contents.content()
    made["branch"]["secretary"]["name"] = contents.RARE + "𠮷㐂"
    reader = pypdf.PdfReader(io.BytesIO(pdf.render(contents.snapshot(made))))
    assert contents.RARE + "𠮷㐂" in body([squeezed(page.extract_text()) for page in reader.pages])
    faces = {
        str(font.get_object()["/BaseFont"]).split("+")[1]
        for page in reader.pages
        for font in page["/Resources"]["/Font"].values()
    }
    assert {face.split("-")[0] for face in faces} == {"FormFangsong", "FormTitle", "FormHei", "FormSong", "FormRare"}


def test_missing_glyphs_are_named():
    made = contents.content()
    made["fields"][0]["value"] = "党旗红🚓\U0010fffd"
    assert pdf.missing_glyphs(contents.snapshot(made)) == {"🚓", "\U0010fffd"}


def test_licensed_faces_come_first(settings, tmp_path):
    (tmp_path / "custom").mkdir()
    for name in ("仿宋_GB2312.ttf", "方正小标宋简体.TTF", "readme.txt"):
        (tmp_path / "custom" / name).touch()
    settings.FONTS_DIR = tmp_path
    rules = typesetting.face_rules()
    assert re.findall(r"font-family: (\w+)", rules) == ["OwnFormFangsong", "OwnFormTitle"]
    assert [face.title for face in typesetting.missing_faces()] == ["黑体", "楷体", "宋体", "生僻字"]


def test_missing_faces_are_reported_with_a_hint(settings, tmp_path):
    from branches import checks

    settings.FONTS_DIR = tmp_path
    problems = [problem for problem in checks.check_typesetting() if problem.id == "branches.W002"]
    assert [problem.msg for problem in problems] == [
        "PDF字体缺失：仿宋、小标宋、黑体、楷体、宋体、生僻字；将以系统已装的字体代替，版面可能不同。"
    ]


# Titles


@pytest.mark.parametrize(
    ("title", "lines"),
    [
        ("“最强支部·最美所队”评选创建活动", ["“最强支部·最美所队”评选创建活动"]),
        ("党建工作示范点暨“四强”党支部创建活动", ["党建工作示范点暨“四强”党支部创建活动"]),
        (
            "全市公安机关党建工作示范点暨“四强”党支部创建活动",
            ["全市公安机关党建工作示范点", "暨“四强”党支部创建活动"],
        ),
    ],
)
def test_title_breaks_where_the_words_allow(title, lines):
    assert pdf.title_lines(title) == lines


def test_longest_title_fits_the_type_area():
    lines = pdf.title_lines("全市公安机关“最强支部”创建，" * 8)
    assert (max(map(len, lines)) <= 20, [line for line in lines if line[0] in pdf.NOT_FIRST]) == (True, [])


# The same bytes


def test_same_snapshot_gives_the_same_bytes_in_another_process():
    here = pdf.render(contents.snapshot())
    pdf.render(contents.snapshot(contents.empty()))
    assert pdf.render(contents.snapshot()) == here
    code = (
        "import sys, django; django.setup();"
        "from applications import pdf; from tests.applications import contents;"
        "sys.stdout.buffer.write(pdf.render(contents.snapshot()))"
    )
    env = {**os.environ, "DJANGO_SETTINGS_MODULE": "config.settings", "PYTHONHASHSEED": "7"}
    there = subprocess.run(
        [sys.executable, "-c", code], cwd=settings.BASE_DIR, env=env, stdout=subprocess.PIPE, check=True
    )
    assert there.stdout == here


def test_altered_snapshot_is_not_printed():
    snapshot = contents.snapshot()
    snapshot.content["assessment"]["total"] = "101"
    with pytest.raises(ValueError, match="不符"):
        pdf.render(snapshot)


# Keeping it


@pytest.fixture
def submitted(application, road):
    road.to(application, "submitted")
    return Snapshot.objects.get(application=application)


def test_real_submission_prints_its_own_numbers(submitted):
    text = body(read(pdf.render(submitted)))
    made = submitted.content
    assert [value for value in values_of(made) if squeezed(value) not in text] == []
    assert f"合计{made['assessment']['out_of']}{made['assessment']['total']}" in text


def test_pdf_is_stored_once(submitted, monkeypatch):
    pdf.store(submitted)
    assert submitted.pdf.name == f"forms/{submitted.application_id}/{submitted.receipt_number}.pdf"
    with default_storage.open(submitted.pdf.name) as file:
        assert file.read() == pdf.render(submitted)
    stored = (submitted.pdf.name, submitted.pdf_sha256)
    monkeypatch.setattr(pdf, "render", None)
    pdf.store(submitted)
    again = Snapshot.objects.get(pk=submitted.pk)
    assert (again.pdf.name, again.pdf_sha256) == stored


def test_two_workers_leave_one_file(submitted):
    slow = Snapshot.objects.get(pk=submitted.pk)
    pdf.store(submitted)
    pdf.store(slow)
    assert slow.pdf.name == submitted.pdf.name
    assert default_storage.listdir(f"forms/{submitted.application_id}")[1] == [f"{submitted.receipt_number}.pdf"]


def test_half_written_file_of_a_dead_worker_is_not_trusted(submitted):
    wanted = f"forms/{submitted.application_id}/{submitted.receipt_number}.pdf"
    default_storage.save(wanted, ContentFile(b"%PDF-1.7 half"))
    pdf.store(submitted)
    assert submitted.pdf.name != wanted
    with default_storage.open(submitted.pdf.name) as file:
        assert file.read() == pdf.render(submitted)


def test_job_makes_the_pdf(submitted):
    job = jobs.enqueue("applications.tasks.render_form", str(submitted.pk), by=None)
    tasks.render_form(job.pk)
    job.refresh_from_db()
    submitted.refresh_from_db()
    assert (job.state, bool(submitted.pdf)) == (Job.State.DONE, True)


def test_failing_job_says_why(submitted, monkeypatch):
    def fail(snapshot):
        raise KeyError("plan")

    monkeypatch.setattr(pdf, "store", fail)
    job = jobs.enqueue("applications.tasks.render_form", str(submitted.pk), by=None)
    with pytest.raises(KeyError):
        tasks.render_form(job.pk)
    job.refresh_from_db()
    assert (job.state, job.error) == (Job.State.FAILED, "申报表未能生成，请重试或联系管理员（KeyError：'plan'）。")
