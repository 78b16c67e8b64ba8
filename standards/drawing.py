"""Fragments of a sheet drawn once and used again, because what a published rubric says never changes.

A criterion of a published rubric is one object for the whole process (`Rubric.outline`); one of a draft is read afresh
for every page. What is drawn of a criterion is kept with that object and goes with it, so nothing outdated is shown.
"""

import re
from collections.abc import Iterable
from functools import lru_cache
from html import escape
from typing import Any

from django.template.loader import render_to_string
from django.urls import reverse
from django.utils.safestring import SafeString, mark_safe

from standards.answers import Entry
from standards.models import Criterion

# A hole stands in the drawn text as its name between two characters that no text uses.
HOLE = re.compile("\ue000(\\w+)\ue001")
# Answers of one criterion kept drawn: more than there are levels or half points, few enough for any number of counts.
MOST_ANSWERS = 64


class Stencil:
    """A fragment that is always the same but for its holes; a hole is filled as a template variable would be."""

    def __init__(self, template: str, holes: tuple[str, ...], **fixed: Any) -> None:
        marks = {name: f"\ue000{name}\ue001" for name in holes}
        self._pieces = HOLE.split(render_to_string(template, {**fixed, **marks}))

    def fill(self, **given: Any) -> SafeString:
        pieces = self._pieces.copy()
        pieces[1::2] = [_escaped(given[name]) for name in pieces[1::2]]
        return mark_safe("".join(pieces))  # noqa: S308  every piece is drawn by a template or escaped above


def _escaped(value: Any) -> str:
    """What a template variable would show."""
    return value if hasattr(value, "__html__") else escape(str(value))


@lru_cache(maxsize=64)
def stencil(template: str, *holes: str, **flags: bool) -> Stencil:
    """The stencil of a fragment that no criterion is part of; the flags are what it decides by."""
    return Stencil(template, holes, **flags)


def stencil_of(criterion: Criterion, template: str, *holes: str, **flags: bool) -> Stencil:
    """The stencil of a fragment about one criterion, `c` in the template (and `k` its key)."""
    key = (template, *flags.items())
    found = criterion.drawn.get(key)
    if found is None:
        found = criterion.drawn[key] = Stencil(template, holes, c=criterion, k=criterion.key, **flags)
    return found


def together(pieces: Iterable[SafeString]) -> SafeString:
    """Drawn pieces one after the other."""
    return mark_safe("".join(pieces))  # noqa: S308  each of them is drawn


@lru_cache(maxsize=64)
def _address(name: str) -> tuple[str, str]:
    before, _, after = reverse(name, args=[0]).rpartition("0")
    return before, after


def address(name: str, pk: int) -> str:
    """The address of a page whose only argument is a key; looked up once, because a sheet has hundreds of them."""
    before, after = _address(name)
    return f"{before}{pk}{after}"


def fixed(criterion: Criterion, template: str) -> SafeString:
    """A fragment that shows nothing but the criterion itself."""
    return stencil_of(criterion, template).fill()


def answer_input(entry: Entry, *, disabled: bool = False, error: str = "") -> SafeString:
    """`standards/_answer.html` for one entry: the same answer to the same criterion is drawn only once."""
    context = {"entry": entry, "disabled": disabled, "error": error}
    if error:
        return render_to_string("standards/_answer.html", context)
    drawn, key = entry.criterion.drawn_answers, (disabled, *entry.values.values())
    found = drawn.get(key)
    if found is None:
        if len(drawn) >= MOST_ANSWERS:
            drawn.clear()
        found = drawn[key] = render_to_string("standards/_answer.html", context)
    return found
