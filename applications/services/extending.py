"""More time for those who owe a stage: granted by the office to one branch or to several, asked for by a committee."""

from collections.abc import Sequence
from datetime import date
from typing import Any
from urllib.parse import urlencode

from django.core.exceptions import ValidationError
from django.urls import reverse

from applications.models import Application
from applications.services.preparing import checking_committee
from branches import audit, notices
from branches.models import Branch, RoleGrant, User
from branches.roles import BRANCH_ROLES, COMMITTEE_ROLES, Role
from standards.models import Extension, Stage, Track
from standards.services import campaigns as campaign_services

# What the address in a notice may take.
MOST_URL = 200


def extend_for(application: Application, stage: Stage, *, until: date, reason: str, by: User) -> Extension:
    """Give whoever owes the stage more time and tell them: the branch, or its committee for the committee's stages."""
    owner = stage_owner(application.branch, stage)
    with audit.recorded():
        extension = campaign_services.extend_stage(stage, owner, until=until, reason=reason, by=by)
        _tell([owner], stage, until=until, reason=reason, track=application.track, url=application.get_absolute_url())
    return extension


def extend_for_all(
    applications: Sequence[Application], stage: Stage, *, until: date, reason: str, by: User
) -> list[Extension]:
    """The same new date for the owners of many applications of one track, each owner once; all or none.

    Codes: `nobody` (none was named), `no_deadline`, `not_later`.
    """
    owners = {owner.pk: owner for owner in (stage_owner(each.branch, stage) for each in applications)}
    if not owners:
        raise ValidationError("请先勾选支部。", code="nobody")
    with audit.recorded():
        extensions = campaign_services.extend_stage_for_all(
            stage, list(owners.values()), until=until, reason=reason, by=by
        )
        _tell(list(owners.values()), stage, until=until, reason=reason, track=applications[0].track, url="/")
    return extensions


def _tell(owners: Sequence[Branch], stage: Stage, *, until: date, reason: str, track: Track, url: str) -> None:
    notices.post(
        notices.holders_in(owners, *BRANCH_ROLES, *COMMITTEE_ROLES),
        "stage.extended",
        about=f"stage:{stage.pk}:{until:%m%d}",
        title=f"“{stage}”已延期至{until:%Y年%m月%d日}：{track}",
        body=reason,
        url=url,
    )


def stage_owner(branch: Branch, stage: Stage) -> Branch:
    """Who is given more time: ranking is the committee's, and its extension covers its branches; else the branch."""
    return (checking_committee(branch) or branch) if stage.kind == Stage.Kind.RECOMMEND else branch


def ask_for_extension(
    applications: Sequence[Application], stage: Stage, *, until: date, reason: str, by: User
) -> Sequence[Application]:
    """A committee asks the office for more time for its branches: a notice that leads to the form, filled in.

    Codes: `nobody` (none was named, or there is no campaign admin to ask), `not_later`.
    """
    if not applications:
        raise ValidationError("请先勾选支部。", code="nobody")
    if stage.closes_on and until <= stage.closes_on:
        raise ValidationError(f"新的截止日须晚于原截止日{stage.closes_on:%Y年%m月%d日}。", code="not_later")
    office = offices_of([each.branch for each in applications])
    if not office:
        raise ValidationError("没有在任的活动管理员，请电话联系市局机关党委。", code="nobody")
    names = "、".join(each.branch.short_name for each in applications)
    facts = {"ids": ",".join(str(each.pk) for each in applications), "stage": stage.pk, "until": until.isoformat()}
    url = f"{reverse('applications:extend_many')}?{urlencode(facts, safe=',')}"
    with audit.recorded():
        notices.post(
            office,
            "stage.asked",
            about=f"stage:{stage.pk}:{by.pk}:{applications[0].pk}",
            title=f"{by.name}申请为{len(applications)}个支部延期“{stage}”：{applications[0].track}",
            body=f"支部：{names}\n希望延至：{until:%Y年%m月%d日}\n事由：{reason}",
            # A very long list of branches is chosen anew from the overview.
            url=url if len(url) <= MOST_URL else f"{reverse('applications:progress')}?track={stage.track_id}",
        )
        audit.record(
            "stage.ask", stage, by=by, branch=applications[0].branch, until=until, reason=reason,
            branches=[each.branch.short_name for each in applications],
        )  # fmt: skip
    return applications


def offices_of(branches: Sequence[Branch]) -> list[User]:
    """The campaign admins whose office covers all these branches."""
    everyone: Any = RoleGrant.objects
    grants = everyone.in_force().filter(role=Role.CAMPAIGN_ADMIN, user__is_active=True)
    found = {
        grant.user_id: grant.user
        for grant in grants.select_related("user", "branch")
        if all(branch.path.startswith(grant.branch.path) for branch in branches)
    }
    return list(found.values())
