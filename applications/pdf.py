"""The printed 申报表: made from the frozen snapshot alone, the same bytes every time."""

import datetime
import hashlib
import re
from functools import cache
from typing import Any

from django.core.files.base import ContentFile
from django.core.files.storage import default_storage
from django.template.loader import render_to_string
from django.utils import timezone

from applications import snapshots
from applications.models import Snapshot
from applications.states import Road
from branches import typesetting
from standards import printing
from standards.models import FormField

SHEET = "application_form.css"
DRAFTS = "forms/drafts"
KEEP_DRAFTS = datetime.timedelta(days=2)
NONE = printing.NONE
UNFILLED = "（未填写）"
# What a form field is printed as when it has a place of its own: the contact's row, the box of the branch's opinion.
CONTACT, BALLOT = "contact_phone", ("expected", "present", "in_favour")
# Characters of 二号 on one line of the type area, and where a title may break.
TITLE_WIDTH = 20
NOT_FIRST, NOT_LAST = "”》〉）】、，。；：！？·—", "“《〈（【"
BREAK_BEFORE = ("“", "《", "（", "暨", "评选", "创建", "活动")
CONTROLS = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\ud800-\udfff\ufffe\uffff]")


def render(snapshot: Snapshot) -> bytes:
    """The PDF of a snapshot. Raises OSError when the type libraries are missing, ValueError when it was altered."""
    if snapshots.digest(snapshot.content) != snapshot.hash:
        raise ValueError("申报快照的内容与提交时的哈希不符，不能打印；请联系管理员核查。")
    return typesetting.set_document(html_of(snapshot), SHEET, identifier=snapshot.hash[:32])


def draft_name(application_id: int, content_hash: str) -> str:
    """Where the draft of this very content is kept; the same content is set once."""
    return f"{DRAFTS}/{application_id}/{content_hash}.pdf"


def store_draft(application_id: int, content: dict[str, Any]) -> str:
    """Set a content that is not submitted yet, marked 草稿 on every page, and keep it until it is swept."""
    content_hash = snapshots.digest(content)
    name = draft_name(application_id, content_hash)
    if not default_storage.exists(name):
        data = typesetting.set_document(draft_html(content), SHEET, identifier=content_hash[:32])
        written = default_storage.save(name, ContentFile(data))
        if written != name:  # another worker was faster
            default_storage.delete(written)
    return name


def sweep_drafts(older_than: datetime.timedelta = KEEP_DRAFTS) -> int:
    """Throw old drafts away; whoever asks again gets a new one."""
    limit, gone = timezone.now() - older_than, 0
    folders = default_storage.listdir(DRAFTS)[0] if default_storage.exists(DRAFTS) else []
    for folder in folders:
        for file in default_storage.listdir(f"{DRAFTS}/{folder}")[1]:
            name = f"{DRAFTS}/{folder}/{file}"
            if default_storage.get_modified_time(name) < limit:
                default_storage.delete(name)
                gone += 1
    return gone


def store(snapshot: Snapshot) -> None:
    """Make the PDF once and keep it in the storage; a snapshot that has one is left alone.

    Two workers may make it at the same time: one conditional UPDATE decides, the other's file is taken away.
    """
    if snapshot.pdf:
        return
    data = render(snapshot)
    wanted = f"forms/{snapshot.application_id}/{snapshot.receipt_number}.pdf"
    name = wanted if _holds(wanted, data) else default_storage.save(wanted, ContentFile(data))
    sha256 = hashlib.sha256(data).hexdigest()
    won = Snapshot.objects.filter(pk=snapshot.pk, pdf="").update(pdf=name, pdf_sha256=sha256)
    snapshot.refresh_from_db(fields=["pdf", "pdf_sha256"])
    if won != 1 and snapshot.pdf.name != name:
        default_storage.delete(name)


def html_of(snapshot: Snapshot) -> str:
    """The document before typesetting, without its style sheet."""
    return _html(snapshot.content, _stamp(snapshot))


def draft_html(content: dict[str, Any]) -> str:
    """The same document of the same values; only what a submission adds is not there yet."""
    short = snapshots.digest(content)[:12]
    trace = f"草稿 · 未提交，不作申报依据 · 内容哈希{short}"
    return _html(content, {"draft": True, "trace": trace, "filled_on": "提交之日"}, blank=UNFILLED)


def _html(content: dict[str, Any], stamp: dict[str, Any], *, blank: str = NONE) -> str:
    return CONTROLS.sub("", render_to_string("pdf/application_form.html", {**values_of(content, blank=blank), **stamp}))


def missing_glyphs(snapshot: Snapshot) -> set[str]:
    """The characters of a snapshot that no face can draw, to be shown before printing."""
    return typesetting.missing_glyphs(re.sub(r"<[^>]*>", "", html_of(snapshot)))


@cache
def title_lines(title: str, width: int = TITLE_WIDTH) -> list[str]:
    """A long title in lines of about the same length, broken where the words allow it (GB/T 9704: 词意完整)."""
    count = -(-len(title) // width)
    ideal = len(title) / max(count, 1)

    @cache
    def best(start: int, lines: int) -> tuple[float, tuple[int, ...]]:
        if lines == 1:
            length = len(title) - start
            return ((length - ideal) ** 2 if length <= width else float("inf")), ()
        choices = []
        for end in range(start + 1, min(start + width, len(title) - lines + 1) + 1):
            rest, breaks = best(end, lines - 1)
            choices.append((rest + (end - start - ideal) ** 2 + _break_cost(title, end), (end, *breaks)))
        return min(choices)

    if count <= 1:
        return [title]
    breaks = best(0, count)[1]
    return [title[start:end] for start, end in zip((0, *breaks), (*breaks, len(title)), strict=True)]


def _break_cost(title: str, at: int) -> float:
    if title[at] in NOT_FIRST or title[at - 1] in NOT_LAST:
        return 1000
    return 0 if title[at - 1] in NOT_FIRST or title.startswith(BREAK_BEFORE, at) else 12


def _holds(name: str, data: bytes) -> bool:
    """Whether the storage has this very file: left by a worker that died before it could say so."""
    if not default_storage.exists(name):
        return False
    with default_storage.open(name) as file:
        return file.read() == data


def _stamp(snapshot: Snapshot) -> dict[str, Any]:
    """What the submission adds to the content: its date, number and hash."""
    created = timezone.localtime(snapshot.created_at)
    return {
        "filled_on": _day(created.date().isoformat()),
        "made_at": created.isoformat(timespec="seconds"),
        "trace": (
            f"一式{snapshot.content['track']['copies']}份 · 回执号{snapshot.receipt_number} · 第{snapshot.number}次提交"
            f" · 内容哈希{snapshot.short_hash}"
        ),
        "receipt": snapshot.receipt_number,
        "hash": snapshot.hash,
    }


def values_of(content: dict[str, Any], *, blank: str = NONE) -> dict[str, Any]:
    """Every value as it is printed: dates in Chinese, what is empty as 无. The page to read through shows the same.

    `blank` stands where the branch has filled in nothing; a draft says so, lest it be taken for a 无 somebody wrote.
    """
    branch, track = content["branch"], content["track"]
    values = {field["key"]: _shown(field["value"], blank) for field in content["fields"]}
    return {
        "title": title_lines(content["campaign"]["name"]),
        "plain_title": f"{content['campaign']['name']}申报表（{branch['name']}）",
        "round": content["campaign"]["round"] or track["round"],
        "award_name": track["award"],
        "award_round": track["round"],
        "road": content["road"],
        "ranked": content["road"] == Road.RANKED.label,
        "nominated": content["road"] == Road.NOMINATED.label,
        "branch": {
            **{key: _shown(value) for key, value in branch.items() if key not in ("secretary", "committee")},
            "founded_on": _day(branch["founded_on"]),
            "term_ends_on": _day(branch["term_ends_on"]),
        },
        "secretary": _secretary(branch["secretary"]),
        "committee": [{key: _shown(value) for key, value in member.items()} for member in branch["committee"]],
        "contact": values.get(CONTACT, NONE),
        # Not asked for on this track, or not filled in: a gap to be written in by hand.
        "ballot": [value if (value := values.get(key, NONE)) not in (NONE, UNFILLED) else "" for key in BALLOT],
        "blocks": _blocks(content["fields"], blank),
        "plan": [{**_all_shown(item), "due_on": _dotted(item["due_on"])} for item in content["plan"]],
        "tasks": [{**_all_shown(task), "held_on": _day(task["held_on"])} for task in content["tasks"]],
        "assessment": printing.sheet_of(content["assessment"]),
        "evidence": _evidence(content["evidence"]),
    }


def _blocks(fields: list[dict[str, Any]], blank: str) -> list[dict[str, Any]]:
    """The track's own fields in their order: long texts in boxes, short ones gathered into rows."""
    blocks: list[dict[str, Any]] = []
    for field in fields:
        if field["key"] in (CONTACT, *BALLOT):
            continue
        is_date = field["kind"] == FormField.Kind.DATE
        row = {
            "key": field["key"],
            "label": field["label"],
            "value": _day(field["value"], blank) if is_date else _shown(field["value"], blank),
        }
        if field["kind"] == FormField.Kind.TEXT:
            paragraphs = [line.strip() for line in row["value"].splitlines() if line.strip()]
            blocks.append({"key": field["key"], "label": field["label"], "paragraphs": paragraphs})
        elif blocks and "rows" in blocks[-1]:
            blocks[-1]["rows"].append(row)
        else:
            blocks.append({"rows": [row]})
    return blocks


def _secretary(secretary: dict[str, Any] | None) -> dict[str, str]:
    if secretary is None:
        return dict.fromkeys(("name", "title", "since", "phone"), NONE)
    return {**_all_shown(secretary), "since": _day(secretary["since"])}


def _evidence(citations: list[dict[str, str]]) -> list[dict[str, str]]:
    """One line per file with the items it is cited for."""
    files: dict[str, dict[str, str]] = {}
    for citation in citations:
        if entry := files.get(citation["sha256"]):
            entry["criteria"] += f"、{citation['criterion']}"
        else:
            files[citation["sha256"]] = {
                "name": citation["name"],
                "criteria": citation["criterion"],
                "sha256": citation["sha256"][:12],
                "whole": citation["sha256"],
            }
    return list(files.values())


def _shown(value: Any, blank: str = NONE) -> str:
    return str("" if value is None else value).strip() or blank


def _all_shown(row: dict[str, Any]) -> dict[str, str]:
    return {key: _shown(value) for key, value in row.items()}


def _day(value: str | None, blank: str = NONE) -> str:
    date = _date(value)
    return f"{date.year}年{date.month}月{date.day}日" if date else _shown(value, blank)


def _dotted(value: str | None) -> str:
    """The short form of narrow columns."""
    date = _date(value)
    return f"{date.year}.{date.month}.{date.day}" if date else _shown(value)


def _date(value: str | None) -> datetime.date | None:
    try:
        return datetime.date.fromisoformat(value or "")
    except ValueError:
        return None
