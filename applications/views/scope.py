"""How every page of this app finds its application: out of scope is 404, in scope without the right is 403."""

from django.core.exceptions import PermissionDenied
from django.shortcuts import get_object_or_404

from applications.models import Application
from branches import keys

WHY_NOT = {
    "applications.edit": "只有本支部的书记和经办人可以填写。",
    "applications.submit": "须由支部书记本人办理，请书记用自己的账号登录。",
    "applications.join": "只有本支部的书记和经办人可以参加创建。",
    "applications.view_self_checks": "自查整改只供本支部和上级党组织查看。",
    "applications.review_rectification": "整改由支部书记或上级党委复核，且不能是标记完成的那个人。",
    "applications.manage_evidence": "只有材料所属支部的书记和经办人可以修改。",
}

# What saving one answer asks of the application, its branch, its track and its standard.
LOOKED_AT = (
    "status",
    *(f"branch__{name}" for name in ("path", "line", "short_name")),
    *(f"track__{name}" for name in ("award_name", "round_label", "self_line")),
    *(
        f"track__rubric__{name}"
        for name in ("status", "content_hash", "published_at", "total_points", "rescale", "cap_total")
    ),
)


def application_for(request, pk: int, perm: str = "", *, tasks: bool = True) -> Application:
    """The application with all a page looks at (`for_work`), in the user's scope; `perm` names the right it needs.

    Without `tasks` it is `for_frame`: for pages that are not about them.
    """
    visible = Application.objects.visible_to(request.user)
    application = get_object_or_404(visible.for_work() if tasks else visible.for_frame(), pk=pk)
    if perm:
        require(request, perm, application)
    return application


def application_to_save(request, pk: int, perm: str) -> Application:
    """The same for what is saved at every pause in the typing: one query, and of each row only what is looked at."""
    visible = Application.objects.visible_to(request.user).select_related("branch", "track__rubric")
    application = get_object_or_404(visible.only(*LOOKED_AT), pk=pk)
    require(request, perm, application)
    return application


def require(request, perm: str, obj) -> None:
    if not request.user.has_perm(perm, obj):
        raise PermissionDenied(WHY_NOT.get(perm, "您没有办理此事的权限。"))


def key_in(data, name: str) -> int:
    """A number out of a form's hidden field; what is no number is nobody's key."""
    value = data.get(name, "")
    return keys.number_in(value)


def wants_json(request) -> bool:
    """Asked for by our scripts rather than by a browser's own navigation."""
    return request.headers.get("X-Requested-With") == "fetch"


def messages_of(error) -> str:
    """All sentences of a ValidationError in one."""
    return "".join(error.messages)
