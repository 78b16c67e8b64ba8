from django.apps import AppConfig


class BranchesConfig(AppConfig):
    name = "branches"
    verbose_name = "党组织与人员"

    def ready(self) -> None:
        from branches import checks  # noqa: F401  registers the system checks
