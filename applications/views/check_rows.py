"""How the rows of the check desk are drawn: what never changes of a criterion once, the rest filled in (drawing.py)."""

from django.template.loader import render_to_string
from django.utils.safestring import SafeString

from applications.desk import Row
from applications.models import Citation
from standards import drawing, scoring

ROW = ("applications/_check_row.html", "said", "earned", "version", "own", "remark", "say", "changes")
SAID = ("applications/_check_said.html", "points", "words", "remark", "evidence")
EVIDENCE = ("applications/_check_evidence.html", "url", "thumb", "icon", "name")
OWN = ("applications/_check_own.html", "points", "words", "remark")


def drawn(row: Row, *, is_open: bool) -> SafeString:
    """The row with the subheadings above it."""
    heads = [render_to_string("standards/_group_head.html", {"head": head}) for head in row.heads]
    template, *holes = ROW
    flags = {"wrong": bool(row.error), "stale": row.stale, "open": is_open, "cited": bool(row.citations)}
    filled = drawing.stencil_of(row.criterion, template, *holes, **flags).fill(
        said=_said(row),
        earned=f"{scoring.plain(row.item.points)}分" if _earned(row) else "",
        version=row.version,
        own=drawing.answer_input(row.entry, error=row.error) if is_open else _own(row),
        remark=row.remark,
        say=row.error + row.stands,
        changes=_changes(row),
    )
    return drawing.together([*heads, filled])


def _earned(row: Row) -> bool:
    return row.criterion.scored and row.item is not None and row.item.points is not None


def _said(row: Row) -> SafeString:
    """What the branch answered and cited."""
    leaf, answer = row.criterion, row.answer
    answered = answer is not None and answer.points is not None
    worded = answered and leaf.asked and leaf.kind != scoring.POINTS
    remark = answer.remark if answer else ""
    template, *holes = SAID
    flags = {
        "scored": leaf.scored, "answered": answered, "worded": worded, "remarked": bool(remark),
        "cited": bool(row.citations),
    }  # fmt: skip
    return drawing.stencil(template, *holes, **flags).fill(
        points=scoring.plain(answer.points) if answered else "",
        words=row.said.words if worded else "",
        remark=remark,
        evidence=drawing.together(_file(each) for each in row.citations),
    )


def _file(citation: Citation) -> SafeString:
    file = citation.evidence
    template, *holes = EVIDENCE
    pictured = bool(file.thumbnail)
    return drawing.stencil(template, *holes, pictured=pictured).fill(
        url=drawing.address("applications:evidence_view", file.pk),
        thumb=drawing.address("applications:evidence_thumb", file.pk) if pictured else "",
        icon=file.icon,
        name=file.caption or file.name,
    )


def _own(row: Row) -> SafeString:
    """The committee's word where it cannot be changed."""
    if not row.criterion.asked:
        return drawing.together([])
    item, worded = row.item, row.criterion.kind != scoring.POINTS
    template, *holes = OWN
    flags = {
        "checked": item is not None, "scored": row.criterion.scored, "worded": worded, "remarked": bool(row.remark),
        "differs": row.differs,
    }  # fmt: skip
    return drawing.stencil(template, *holes, **flags).fill(
        points=scoring.plain(item.points) if item else "",
        words=row.entry.words if item and worded else "",
        remark=row.remark,
    )


def _changes(row: Row) -> str:
    """On a second look: what changed, and what had been said."""
    if not row.changes and not row.remarked:
        return ""
    return render_to_string("applications/_check_changes.html", {"row": row})
