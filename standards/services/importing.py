"""Rubrics from spreadsheets: what was uploaded is kept until it is confirmed, then becomes the next draft of its code."""

import datetime

from django.core.exceptions import ValidationError
from django.db import IntegrityError, transaction
from django.utils import timezone

from branches import audit
from branches.models import User
from standards.models import Criterion, Rubric, RubricUpload, ScoreRule
from standards.models.workbooks import NAME_LENGTH
from standards.services.rubrics import publish_rubric
from standards.workbooks import layout
from standards.workbooks.drafts import Draft, Line

LAST_VERSION = 32_767
# How long an upload waits to be confirmed, and how many of one person's do.
KEPT = datetime.timedelta(days=7)
KEPT_EACH = 5


def keep_upload(content: bytes, name: str, *, by: User) -> RubricUpload:
    """Keep a workbook until it is confirmed. Drops what waited too long, and the oldest of a person with too many."""
    with transaction.atomic():
        RubricUpload.objects.filter(created_at__lt=timezone.now() - KEPT).delete()
        kept = RubricUpload.objects.create(owner=by, name=name[-NAME_LENGTH:], content=content)
        mine = RubricUpload.objects.filter(owner=by).order_by("-pk").values_list("pk", flat=True)
        RubricUpload.objects.filter(pk__in=list(mine[KEPT_EACH:])).delete()
    return kept


def confirm_upload(upload: RubricUpload, draft: Draft, *, by: User) -> Rubric:
    """Make the draft of what was shown; the upload is used up. Codes of `import_rubric`, and `used` on a second click."""
    with audit.recorded():
        if not RubricUpload.objects.filter(pk=upload.pk).delete()[0]:
            raise ValidationError("这份文件已经导入过了；请到评分标准列表查看。", code="used")
        return import_rubric(draft, by=by)


def import_rubric(draft: Draft, *, by: User | None, publish: bool = False) -> Rubric:
    """Make the next draft version of the draft's code, all of it or nothing; with `publish` publish it at once.

    Stored versions are left as they are. Codes `problems` (once for each), `no_code`, `conflict`, and those of
    `publish_rubric`.
    """
    if draft.problems:
        raise ValidationError([ValidationError(str(problem), code="problems") for problem in draft.problems])
    if not draft.rubric.code:
        raise ValidationError("没有填评分标准的编码。", code="no_code")
    try:
        with audit.recorded():
            rubric = _next_version(draft.rubric)
            _create_criteria(rubric, draft)
            audit.record("rubric.import", rubric, by=by, version=rubric.version, criteria=len(draft.lines))
            if publish:
                publish_rubric(rubric, by=by)
    except IntegrityError:
        # Two imports of a new code at once: the constraint on code and version let one of them through.
        raise ValidationError("同一编码的标准刚刚由别人导入，本次没有写入；请刷新后再试。", code="conflict") from None
    return Rubric.objects.get(pk=rubric.pk)


def _next_version(wanted: Rubric) -> Rubric:
    """The new row; all versions of the code are locked, so that the number is taken once."""
    stored = list(Rubric.objects.select_for_update(no_key=True).filter(code=wanted.code).order_by("version", "pk"))
    latest = stored[-1] if stored else None
    if latest and latest.version >= LAST_VERSION:
        raise ValidationError(f"编码 {wanted.code} 的版本号已经用完，请换一个编码。", code="no_version")
    given = {line.field: getattr(wanted, line.field) for line in layout.HEAD_LINES}
    return Rubric.objects.create(**given, version=latest.version + 1 if latest else 1, based_on=latest)


def _create_criteria(rubric: Rubric, draft: Draft) -> None:
    """One insert per level and one for all rules. The draft's own rows stay as they are, fit for another preview."""
    ordered = [(line, level) for line, level in draft.in_reading_order()]
    made: dict[str, Criterion] = {}
    for level in sorted({level for _, level in ordered}):
        rows = [
            _criterion(rubric, line, order, made.get(line.parent))
            for order, (line, its_level) in enumerate(ordered, 1)
            if its_level == level
        ]
        made |= {row.code: row for row in Criterion.objects.bulk_create(rows)}
    ScoreRule.objects.bulk_create(
        ScoreRule(criterion=made[line.criterion.code], order=place, **_fields(layout.RULES, rule))
        for line, _ in ordered
        for place, rule in enumerate(line.rules)
    )


def _criterion(rubric: Rubric, line: Line, order: int, parent: Criterion | None) -> Criterion:
    return Criterion(rubric=rubric, parent=parent, order=order, **_fields(layout.CRITERIA, line.criterion))


def _fields(sheet: str, row: Criterion | ScoreRule) -> dict[str, object]:
    names = [column.field for column in layout.COLUMNS[sheet] if column.field and layout.field_of(sheet, column.field)]
    return {name: getattr(row, name) for name in names}
