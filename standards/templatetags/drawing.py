"""Parts of a sheet's row that are drawn once per criterion and process."""

from django import template
from django.utils.safestring import SafeString

from standards import drawing
from standards.answers import Entry
from standards.models import Criterion

register = template.Library()


@register.simple_tag
def answer_input(entry: Entry, disabled: bool = False, error: str = "") -> SafeString:
    """The input of one criterion: instead of including `standards/_answer.html`."""
    return drawing.answer_input(entry, disabled=disabled, error=error)


@register.simple_tag
def fixed(criterion: Criterion, name: str) -> SafeString:
    """Instead of including a fragment that shows nothing but the criterion (`c`, its key `k`)."""
    return drawing.fixed(criterion, name)
