"""Pages of this floor; they stand at the root of the site."""

from django.urls import path

from branches.views import account, audit, grants, health, honours, jobs, notices, people, terms

app_name = "branches"

urlpatterns = [
    path("login/", account.login, name="login"),
    path("login/carried/", account.carried, name="carried"),
    path("logout/", account.logout, name="logout"),
    path("password/", account.password, name="password"),
    # /notices/
    path("notices/", notices.notices, name="notices"),
    path("notices/read/", notices.notices_read, name="notices_read"),
    path("notices/<int:pk>/read/", notices.notice_read, name="notice_read"),
    path("notices/settings/", notices.notice_settings, name="notice_settings"),
    # /people/
    path("people/", people.people, name="people"),
    path("people/new/", people.person_new, name="person_new"),
    path("people/<int:pk>/", people.person, name="person"),
    path("people/<int:pk>/active/", people.person_active, name="person_active"),
    path("people/<int:pk>/password/", people.person_password, name="person_password"),
    # /grants/
    path("grants/", grants.grants, name="grants"),
    path("grants/new/", grants.grant_new, name="grant_new"),
    path("grants/<int:pk>/revoke/", grants.grant_revoke, name="grant_revoke"),
    # /audit/
    path("audit/", audit.audit, name="audit"),
    path("audit/verify/", audit.audit_verify, name="audit_verify"),
    # /honours/
    path("honours/", honours.honours, name="honours"),
    path("honours/new/", honours.honour_new, name="honour_new"),
    path("honours/<int:pk>/", honours.honour, name="honour"),
    path("honours/<int:pk>/delete/", honours.honour_delete, name="honour_delete"),
    path("jobs/<int:pk>/", jobs.job, name="job"),
    path("branches/<int:pk>/term/", terms.term, name="term"),
    # /health/
    path("health/", health.page, name="health"),
    path("health/run/", health.task_run, name="task_run"),
    path("health/jobs/<int:pk>/retry/", health.job_retry, name="job_retry"),
    path("healthz", health.healthz, name="healthz"),
    path("readyz", health.readyz, name="readyz"),
]
