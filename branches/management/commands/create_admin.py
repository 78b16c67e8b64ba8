"""The first people of a new installation: nobody can grant a role before somebody holds one."""

import getpass
from typing import Any

from django.contrib.auth.password_validation import validate_password
from django.core.exceptions import ValidationError
from django.core.management.base import BaseCommand, CommandError

from branches import audit
from branches.models import Branch, RoleGrant, User
from branches.roles import SEPARATED_ROLES, Role


class Command(BaseCommand):
    help = "建立系统管理员、安全管理员、审计员之一；组织树为空时一并建立最上级党组织"

    def add_arguments(self, parser):
        parser.add_argument("role", choices=[role.value for role in SEPARATED_ROLES])
        parser.add_argument("police_no", help="警号")
        parser.add_argument("name", help="姓名")
        parser.add_argument("--root", default="市公安局党委", help="最上级党组织全称（仅组织树为空时使用）")

    def handle(self, *args: Any, **options: Any) -> None:
        if User.objects.filter(police_no=options["police_no"]).exists():
            raise CommandError("该警号已有账号，没有改动。")
        if RoleGrant.objects.in_force().filter(role=options["role"]).exists():
            raise CommandError(f"已有{Role(options['role']).label}，请由安全管理员在页面上授权，没有改动。")
        password = getpass.getpass("口令：")
        try:
            validate_password(password)
        except ValidationError as error:
            raise CommandError("".join(error.messages)) from error
        with audit.origin("命令行"), audit.recorded():
            root = Branch.get_first_root_node() or Branch.add_root(
                name=options["root"], short_name=options["root"], code="ROOT", kind=Branch.Kind.COMMITTEE
            )
            user = User.objects.create_user(options["police_no"], password, name=options["name"], unit=root)
            RoleGrant.objects.create(user=user, role=options["role"], branch=root)
            audit.record("people.bootstrap", user, by=None, branch=root, role=options["role"])
        self.stdout.write(f"已建立{Role(options['role']).label}：{user.name}（{user.police_no}）。")
