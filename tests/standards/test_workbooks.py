"""Rubrics to workbooks and back: nothing is lost, nothing typed becomes a formula, the template explains itself."""

import io
from decimal import Decimal as D
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from openpyxl import load_workbook

from standards.models import Criterion, Rubric, ScoreRule
from standards.services import importing
from standards.services.rubrics import CRITERION_CONTENT, RULE_CONTENT, content_hash
from standards.workbooks import layout, reading, writing
from standards.workbooks.drafts import Draft, Line

FOLDER = Path(__file__).parent / "rubrics"
OWN = ["Z1", "Z2", "Z3", "Z4", "Z5", "Z6", "Z7", "Z8"]
PLAIN = {"Z7", "Z8"}


def own(code: str) -> Draft:
    draft = reading.read((FOLDER / f"{code}.xlsx").read_bytes())
    if code in PLAIN:
        draft.set_code(code)
    return draft


def hash_of(rubric: Rubric, version: int = 1) -> str:
    rubric.version = version
    return content_hash(rubric)


def test_layout_has_a_column_for_everything_a_rubric_says():
    named = {sheet: {column.field for column in columns} for sheet, columns in layout.COLUMNS.items()}
    assert named[layout.CRITERIA] == {*CRITERION_CONTENT, "parent", ""}
    assert named[layout.RULES] == {*RULE_CONTENT, "criterion"}
    assert named[layout.HEAD] == {
        "code", "name", "source", "total_points", "points_suggested", "rescale", "cap_total"
    }  # fmt: skip


@pytest.mark.parametrize("code", ["R1", "R2", "R3", "P1"])
def test_round_trip_of_the_plans_is_lossless(plans, admin, code):
    stored = getattr(plans, code)
    draft = reading.read(writing.write(stored))
    assert draft.problems == []
    made = importing.import_rubric(draft, by=admin)
    assert (made.version, made.status, made.based_on) == (stored.version + 1, "draft", stored)
    assert hash_of(made, stored.version) == stored.content_hash
    assert (made.source, made.points_suggested) == (stored.source, stored.points_suggested)


@pytest.mark.parametrize("code", OWN)
def test_round_trip_of_the_own_rubrics_is_lossless(admin, code):
    made = importing.import_rubric(own(code), by=admin)
    again = reading.read(writing.write(made))
    assert again.problems == []
    assert hash_of(again.as_rubric()) == hash_of(made)
    second = importing.import_rubric(again, by=admin)
    assert (second.version, hash_of(second)) == (2, hash_of(made))


@pytest.mark.parametrize("code", OWN)
def test_own_rubrics_may_be_published_as_they_are(code):
    assert own(code).unsound == []


words = st.text(
    st.characters(codec="utf-8", exclude_categories=("Cs", "Cn"), exclude_characters="\x00\ufffe\uffff"), max_size=40
)
titles = words.map(str.strip).filter(bool)
points = st.decimals(0, 999, places=2)
entries = st.lists(titles.filter(lambda word: layout.split_words(word, "") == [word]), max_size=3)


@st.composite
def drafts(draw):
    """Any outline of up to three levels with any fields filled in, as nobody would, but somebody might."""
    draft = Draft(
        Rubric(code="Q", name=draw(titles), total_points=draw(points.filter(bool)), rescale=draw(st.booleans()))
    )
    for number in range(draw(st.integers(1, 6))):
        above = [""] + [line.criterion.code for line in draft.lines if line.criterion.code.count("-") < 2]
        parent = draw(st.sampled_from(above))
        criterion = Criterion(
            code=f"{parent}-{number}" if parent else f"K{number}", title=draw(titles), text=draw(words).strip(),
            kind=draw(st.sampled_from(Criterion.Kind.values)), max_points=draw(points),
            step=draw(st.decimals(0, 99, places=2)), floor=draw(st.none() | st.decimals(-99, 99, places=2)),
            is_bonus=draw(st.booleans()), pick=draw(st.sampled_from(Criterion.Pick.values)),
            line=draw(st.none() | points), weight=draw(st.decimals(0, 100, places=2)),
            veto_effect=draw(st.sampled_from(Criterion.Effect.values)), veto_cap=draw(words).strip()[:20].strip(),
            evidence_hints=draw(entries), lines=draw(entries), regulation=draw(words).strip(), note=draw(words).strip(),
        )  # fmt: skip
        draft.lines.append(Line(criterion, parent))
        for _ in range(draw(st.integers(0, 2))):
            draft.lines[-1].rules.append(draw(rules()))
    return draft


@st.composite
def rules(draw):
    return ScoreRule(
        label=draw(titles), points=draw(points), max_times=draw(st.none() | st.integers(1, 999)),
        unit=draw(titles)[:10].strip(), threshold=draw(st.none() | st.decimals(-999, 10**9, places=2)),
        per=draw(st.none() | st.decimals("0.01", 999, places=2)), above=draw(st.booleans()),
        steps=draw(st.sampled_from(ScoreRule.Steps.values)), first=draw(st.decimals(-9, 9, places=2)),
    )  # fmt: skip


@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large])
@given(drafts())
def test_round_trip_of_any_rubric_is_lossless(draft):
    rubric = draft.as_rubric()
    again = reading.read(writing.write(rubric))
    assert again.problems == []
    assert hash_of(again.as_rubric()) == hash_of(rubric)


@pytest.mark.parametrize("text", ["=1+1", "+86", "-3分", "@某", '=HYPERLINK("http://x")', "_x000D_", "a\r\nb", "1.50"])
def test_text_stays_text(text):
    draft = Draft(Rubric(code="Q", name=text, total_points=D("1.00")))
    draft.lines.append(Line(Criterion(code="A", title=text, text=text, max_points=D("1.00"), step=D("0.50"))))
    content = writing.write(draft.as_rubric())
    cell = load_workbook(io.BytesIO(content))[layout.CRITERIA]["D2"]
    assert (cell.data_type, cell.number_format, cell.quotePrefix) == ("s", "@", text[0] in "=+-@")
    read = reading.read(content).lines[0].criterion
    assert (read.text, read.title) == (text, text.strip())


def test_exported_sums_are_formulas_that_the_import_does_not_look_at(plans):
    book = load_workbook(io.BytesIO(writing.write(plans.R2)))
    sheet = book[layout.CRITERIA]
    assert (sheet["A2"].value, sheet["G2"].value) == ("R2-A", "=SUM(F3:F16)")
    sheet["G2"] = "=1/0"
    out = io.BytesIO()
    book.save(out)
    draft = reading.read(out.getvalue())
    assert draft.problems == []
    assert hash_of(draft.as_rubric()) == plans.R2.content_hash


def test_highest_only_group_shows_the_highest():
    draft = own("Z4")
    sheet = load_workbook(io.BytesIO(writing.write(draft.as_rubric())))[layout.CRITERIA]
    shown = {sheet.cell(row, 1).value: sheet.cell(row, 7).value for row in range(2, sheet.max_row + 1)}
    # J1 stands in row 10, its own 6 points count for J; below it only the higher of its two items.
    assert {code: shown[code] for code in ("A", "J", "J1")} == {
        "A": "=SUM(F3:F5)", "J": "=SUM(F10,F13)", "J1": "=MAX(F11:F12)"
    }  # fmt: skip


def test_template_explains_itself_and_is_empty():
    book = load_workbook(io.BytesIO(writing.write_template()))
    assert book.sheetnames == ["说明", "标准", "指标", "细则", "示例", "示例细则"]
    sheet = book["指标"]
    assert [cell.value for cell in sheet[1]] == [column.header for column in layout.CRITERION_COLUMNS]
    assert all(cell.comment and cell.comment.text for cell in sheet[1])
    assert sheet.freeze_panes == "D2"
    choices = {str(each.sqref).split(":")[0]: each.formula1 for each in sheet.data_validations.dataValidation}
    assert choices["E2"] == '"分组,打分,等次,计次得分,扣分,全有或全无,一票否决,仅说明"'
    said = reading.read(writing.write_template()).problems
    assert [str(problem) for problem in said] == [
        "“标准”表第3行B列：没有填编码。",
        "“标准”表第4行B列：没有填名称。",
        "“指标”表：没有填任何指标。",
    ]


def test_example_of_the_template_is_itself_a_sound_rubric():
    book = load_workbook(io.BytesIO(writing.write_template()))
    del book["指标"], book["细则"]
    book["示例"].title, book["示例细则"].title = "指标", "细则"
    book["标准"]["B3"], book["标准"]["B4"] = "EX", "例子"
    out = io.BytesIO()
    book.save(out)
    draft = reading.read(out.getvalue())
    assert (draft.problems, draft.unsound) == ([], [])
    assert {line.criterion.kind for line in draft.lines} == set(Criterion.Kind.values) - {"plain"}


def test_thousand_criteria_are_imported_in_few_queries(admin, django_assert_max_num_queries):
    draft = Draft(Rubric(code="BIG", name="大标准", total_points=D("1000.00")))
    usual = {"max_points": D("1.00"), "step": D("0.50"), "floor": D("0.00"), "weight": D("100.00")}
    for top in range(10):
        draft.lines.append(
            Line(Criterion(code=f"T{top}", title="维度", kind="group", **usual | {"max_points": D("100.00")}))
        )
        for number in range(100):
            text = "落实“三会一课”制度，每少1次扣0.1分，扣完为止。" * 4
            criterion = Criterion(code=f"T{top}-{number}", title=f"指标{number}", text=text, kind="deduct", **usual)
            rule = ScoreRule(label="每少1次", points=D("0.10"), first=D("0.00"))
            draft.lines.append(Line(criterion, f"T{top}", [rule]))
    content = writing.write(draft.as_rubric())
    read = reading.read(content)
    # SQLite takes only so many values in one statement: about 30 rows at a time.
    with django_assert_max_num_queries(60):
        made = importing.import_rubric(read, by=admin)
    assert (len(made.outline), hash_of(made)) == (1010, hash_of(draft.as_rubric()))
