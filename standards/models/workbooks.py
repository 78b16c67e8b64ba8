"""What was uploaded to become a rubric and waits to be confirmed."""

from django.db import models
from django.urls import reverse

from branches.models import User

NAME_LENGTH = 200


class RubricUploadQuerySet(models.QuerySet):
    def visible_to(self, user: User) -> "RubricUploadQuerySet":
        """A half-finished import is its owner's alone."""
        return self.filter(owner=user)


class RubricUpload(models.Model):
    """待导入的工作簿：试读之后、确认之前原样留在这里；在数据库里，几台服务器都读得到。"""

    owner = models.ForeignKey(User, models.CASCADE, related_name="+", verbose_name="上传人")
    name = models.CharField("文件名", max_length=NAME_LENGTH)
    content = models.BinaryField("内容")
    created_at = models.DateTimeField("上传时间", auto_now_add=True)

    objects = RubricUploadQuerySet.as_manager()

    class Meta:
        verbose_name = verbose_name_plural = "待导入的工作簿"
        ordering = ["-pk"]

    def __str__(self) -> str:
        return self.name

    def get_absolute_url(self) -> str:
        return reverse("standards:rubric_upload", args=[self.pk])
