"""Where an application stands, said at the top of each of its pages."""

from typing import Any

from django import template

from applications import completeness, eligibility
from applications.models import Application
from applications.services import gate
from applications.states import TABLE, Status
from standards import deadlines
from standards.models import Stage

register = template.Library()


@register.inclusion_tag("applications/_state.html", takes_context=True)
def application_state(context: dict[str, Any]) -> dict[str, Any]:
    """The strip of state: draft, returned or handed in, with the receipt and what is due.

    At most one query beyond what every page of the application has read, and only where one was returned and the page
    has not read it itself (`open_return`).
    """
    application: Application = context["application"]
    returned = context["open_return"] if "open_return" in context else completeness.open_return(application)
    draft, status = application.is_draft, application.status_for(context["user"])
    return {
        "application": application,
        "status": status,
        "returned": returned,
        "due": deadlines.deadline_for(application.stage(Stage.Kind.APPLY), application.branch) if draft else None,
        "return_due": deadlines.end_of(returned.due_on) if returned and returned.due_on else None,
        "closed": gate.why_not_now(TABLE["submit"], application) if draft else "",
        "appeals": status == Status.VETOED and context["user"].has_perm("applications.read_appeal", application),
        "tone": _tone(application, returned is not None),
    }


@register.inclusion_tag("applications/_eligibility.html", takes_context=True)
def eligibility_table(context: dict[str, Any]) -> dict[str, Any]:
    """What the track asks of the branch beside what is on record; no query beyond the application's frame."""
    application: Application = context["application"]
    may_correct = context["user"].has_perm("applications.correct_branch", application.branch)
    return {
        "conditions": eligibility.conditions(application.track, application.branch),
        "branch": application.branch,
        "may_correct": may_correct,
    }


def _tone(application: Application, returned: bool) -> str:
    """The colour of the strip; its words say the same."""
    if returned or application.status == Status.VETOED:
        return "returned"
    if application.is_draft:
        return "draft"
    return "plain" if application.public_status in (Status.WITHDRAWN, Status.NOT_SELECTED) else "done"
