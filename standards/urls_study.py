"""/campaigns/study/: what was published to the branches, who signed for it and studied it."""

from django.urls import URLPattern

urlpatterns: list[URLPattern] = []
