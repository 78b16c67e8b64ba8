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


def application_for(request, pk: int, perm: str = "", *, calendar: bool = True) -> Application:
    """The application with its frame (`for_work`), in the user's scope; `perm` names the right the page needs.

    Without `calendar` the stages are left out: three queries less for what is saved at every keystroke.
    """
    applications = Application.objects.visible_to(request.user).for_work()
    application = get_object_or_404(applications if calendar else applications.prefetch_related(None), pk=pk)
    if perm:
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
