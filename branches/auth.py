from django.contrib.auth.backends import ModelBackend
from django.utils import timezone

from branches.models import User


class PoliceNumberBackend(ModelBackend):
    """Log in by 警号; an account past its validity cannot."""

    def user_can_authenticate(self, user: User) -> bool:
        expired = user.valid_until is not None and user.valid_until < timezone.localdate()
        return super().user_can_authenticate(user) and not expired

    def get_user(self, user_id: int) -> User | None:
        user = User.objects.select_related("unit").filter(pk=user_id).first()
        return user if user and self.user_can_authenticate(user) else None
