"""The map of the whole site; every app names its own pages."""

from django.urls import include, path

from reviews.views.home import home

urlpatterns = [
    path("", home, name="home"),
    path("", include("branches.urls")),
    path("campaigns/", include("standards.urls")),
    path("applications/", include("applications.urls")),
    path("reviews/", include("reviews.urls")),
]

handler400 = "branches.views.errors.bad_request"
handler403 = "branches.views.errors.forbidden"
handler404 = "branches.views.errors.not_found"
handler500 = "branches.views.errors.server_error"
