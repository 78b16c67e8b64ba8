"""How every page of this app finds its row: out of scope is 404, in scope without the right is 403."""

from typing import Any

from django.core.exceptions import PermissionDenied
from django.db.models import QuerySet
from django.shortcuts import get_object_or_404

WHY_NOT = {
    "reviews.manage": "评审组、成绩与公示由活动管理员（市局机关党委）办理。",
    "reviews.run_session": "现场展示由活动管理员（市局机关党委）主持。",
    "reviews.score": "只有承担这项分工、且不需回避的评委可以评分。",
    "reviews.declare_conflict": "只有评委本人或活动管理员可以登记回避。",
    "reviews.write_review": "只有评委本人可以填写这份评分；需回避的不能填写。",
    "reviews.view_review": "这份评分尚未提交、尚在密封，或存在回避关系，不能查看。",
}


def require(request, perm: str, obj: Any = None) -> None:
    if not request.user.has_perm(perm, obj):
        raise PermissionDenied(WHY_NOT[perm])


def row_for(request, rows: QuerySet, perm: str = "", **key: int) -> Any:
    """The row in the user's scope; `perm` names the right the page needs."""
    row = get_object_or_404(rows.visible_to(request.user), **key)
    if perm:
        require(request, perm, row)
    return row
