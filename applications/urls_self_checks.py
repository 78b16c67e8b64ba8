"""The pages of 自查整改, under /applications/."""

from django.urls import path

from applications.views import rectifying, self_checks

self_check_urls = [
    path("<int:pk>/self-checks/", self_checks.self_checks, name="self_checks"),
    path("<int:pk>/self-checks/start/", self_checks.start_self_check, name="start_self_check"),
    # /applications/self-checks/<pk>/
    path("self-checks/<int:pk>/", self_checks.self_check, name="self_check"),
    path("self-checks/<int:pk>/<int:criterion_pk>/", self_checks.save_self_check, name="save_self_check"),
    path("self-checks/<int:pk>/finish/", self_checks.finish_self_check, name="finish_self_check"),
    path("self-checks/<int:pk>/discard/", self_checks.discard_self_check, name="discard_self_check"),
    path("self-checks/<int:pk>/rectify/", self_checks.rectify_gaps, name="rectify_gaps"),
    path("self-checks/<int:pk>/copy/", self_checks.copy_self_check, name="copy_self_check"),
    # /applications/<pk>/rectifications/, /applications/rectifications/
    path("<int:pk>/rectifications/", rectifying.ledger, name="ledger"),
    path("<int:pk>/rectifications/new/", rectifying.rectify, name="rectify"),
    path("<int:pk>/rectifications/return/", rectifying.rectify_return, name="rectify_return"),
    path("rectifications/", rectifying.rectifications, name="rectifications"),
    path("rectifications/<int:pk>/", rectifying.rectification, name="rectification"),
    path("rectifications/<int:pk>/finish/", rectifying.finish_rectification, name="finish_rectification"),
    path("rectifications/<int:pk>/review/", rectifying.review_rectification, name="review_rectification"),
    path("rectifications/<int:pk>/delete/", rectifying.delete_rectification, name="delete_rectification"),
]
