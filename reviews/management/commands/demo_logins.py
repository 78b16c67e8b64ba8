import unicodedata
from typing import Any

from django.contrib.auth.hashers import check_password
from django.core.management.base import BaseCommand

from branches.models import RoleGrant, User
from branches.roles import Role
from reviews.demo.wording import PASSWORD

# What shows the most to somebody who has a minute.
TRY_FIRST = {
    Role.CAMPAIGN_ADMIN: "首页进度；评审组与分工；成绩计算、定案、公示",
    Role.SECRETARY: "我的待办；自评与佐证；申报表预览与提交",
    Role.CLERK: "登记会议、逐项自评、上传佐证",
    Role.COMMITTEE_CLERK: "核查台：逐项核分、退回或通过",
    Role.COMMITTEE_HEAD: "排序推荐并确认；进度总览",
    Role.INSPECTOR: "无问题意见；确认另一人提出的一票否决",
    Role.ASSESSOR: "我的评分：动态与实地考评",
    Role.EXPERT: "现场展示评分（展示阶段有任务）",
    Role.SYSTEM_ADMIN: "建账号（不能授权）",
    Role.SECURITY_ADMIN: "授予与收回职务",
    Role.AUDITOR: "查审计记录、核验审计链",
}
# A second inspector, because a veto takes two people.
HOW_MANY = {Role.INSPECTOR: 2}


class Command(BaseCommand):
    help = "列出每种职务的一个演示登录。"

    def handle(self, *args: Any, **options: Any) -> None:
        people = [(role, user) for role in TRY_FIRST for user in self.holders(role)]
        if not people:
            self.stdout.write("没有演示账号：演示数据未载入（manage.py load_demo）。")
            return
        known = {user.password: check_password(PASSWORD, user.password) for _, user in people[:1]}
        rows = [("职务", "警号", "姓名", "密码", "先看什么")]
        for role, user in people:
            if user.password not in known:
                known[user.password] = check_password(PASSWORD, user.password)
            shown = PASSWORD if known[user.password] else "已修改"
            rows.append((role.label, user.police_no, user.name, shown, TRY_FIRST[role]))
        widths = [max(width(row[column]) for row in rows) for column in range(4)]
        for row in rows:
            cells = [text + " " * (size - width(text)) for text, size in zip(row, widths, strict=False)]
            self.stdout.write("  ".join([*cells, row[4]]))

    def holders(self, role: Role) -> list[User]:
        """The first holders in the tree among the demo's people, county branches before the headquarters' own."""
        grants = (
            RoleGrant.objects.in_force()
            .filter(role=role, user__is_active=True, user__email__endswith="@example.test")
            .select_related("user", "branch")
            .order_by("branch__nominates_itself", "-branch__recommends", "user__police_no")
        )
        return [grant.user for grant in grants[: HOW_MANY.get(role, 1)]]


def width(text: str) -> int:
    """How many columns the text takes in a terminal: a Chinese character takes two."""
    return sum(2 if unicodedata.east_asian_width(letter) in "WF" else 1 for letter in text)
