"""One settings file for both ways to run.

Embedded (default): SQLite, local files, a Celery broker in a folder. Production: the same code, told apart only by
the environment variables listed in the README.
"""

import contextlib
import os
from datetime import time, timedelta
from pathlib import Path

import environ
from celery.schedules import crontab
from csp.constants import NONE, SELF
from django.core.exceptions import ImproperlyConfigured
from django.core.management.utils import get_random_secret_key

BASE_DIR = Path(__file__).resolve().parent.parent
env = environ.Env()


def env_secret(name: str) -> str | None:
    """Read a secret from NAME, or from the file that NAME_FILE points to."""
    path = env.str(f"{name}_FILE", default="")
    if path:
        return Path(path).read_text(encoding="utf-8").strip()
    return env.str(name, default=None)


def env_bool(name: str, default: bool) -> bool:
    """Read a switch; odd values are refused instead of silently meaning no."""
    value = env.str(name, default="")
    if value == "":
        return default
    if value.lower() in {"1", "true", "yes", "on"}:
        return True
    if value.lower() in {"0", "false", "no", "off"}:
        return False
    raise ImproperlyConfigured(f"{name}={value!r}：只能取 1/0、true/false、yes/no、on/off。")


def env_hours(name: str, default: str) -> tuple[time, time] | None:
    """Read a span of the day as 20:00-08:00; an empty value means none."""
    value = env.str(name, default=default).strip()
    if not value:
        return None
    try:
        begins, ends = (time.fromisoformat(part.strip()) for part in value.split("-"))
    except ValueError:
        raise ImproperlyConfigured(f"{name}={value!r}：应写作20:00-08:00，留空表示不设。") from None
    return begins, ends


DATA_DIR = Path(env.str("DATA_DIR", default=str(BASE_DIR / "var")))
DATA_DIR.mkdir(parents=True, exist_ok=True)


def embedded_secret_key() -> str:
    """Make the key of an embedded installation once and keep it, readable by its owner only."""
    path = DATA_DIR / "secret_key"
    if not path.exists():
        draft = DATA_DIR / f"secret_key.{os.getpid()}"
        draft.touch(mode=0o600)
        draft.write_text(get_random_secret_key() + get_random_secret_key(), encoding="utf-8")
        with contextlib.suppress(FileExistsError):  # another process was first: its key is the one
            os.link(draft, path)
        draft.unlink()
    return path.read_text(encoding="utf-8").strip()


DEBUG = env_bool("DEBUG", False)
SECRET_KEY = env_secret("SECRET_KEY") or embedded_secret_key()
ALLOWED_HOSTS = env.list("ALLOWED_HOSTS", default=["localhost", "127.0.0.1", "[::1]"])
CSRF_TRUSTED_ORIGINS = env.list("CSRF_TRUSTED_ORIGINS", default=[])
HTTPS = env_bool("HTTPS", False)

INSTALLED_APPS = [
    "django.contrib.auth",
    "django.forms",
    "django.contrib.contenttypes",
    "django.contrib.sessions",
    "django.contrib.messages",
    "whitenoise.runserver_nostatic",
    "django.contrib.staticfiles",
    "axes",
    "treebeard",
    "rules.apps.AutodiscoverRulesConfig",
    "crispy_forms",
    "crispy_bootstrap5",
    "django_htmx",
    "branches",
    "standards",
    "applications",
    "reviews",
]

MIDDLEWARE = [
    "django.middleware.security.SecurityMiddleware",
    "whitenoise.middleware.WhiteNoiseMiddleware",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "branches.middleware.IdleTimeoutMiddleware",
    "branches.keeping.KeepingMiddleware",
    "branches.middleware.LoginRequiredMiddleware",
    "branches.middleware.OriginMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
    "csp.middleware.CSPMiddleware",
    "django_htmx.middleware.HtmxMiddleware",
    "axes.middleware.AxesMiddleware",
]

ROOT_URLCONF = "config.urls"
WSGI_APPLICATION = "config.wsgi.application"

TEMPLATES = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "DIRS": [BASE_DIR / "templates"],
        "APP_DIRS": True,
        "OPTIONS": {
            "context_processors": [
                "django.template.context_processors.request",
                "django.contrib.auth.context_processors.auth",
                "django.contrib.messages.context_processors.messages",
                "branches.context.shell",
            ],
        },
    }
]
FORM_RENDERER = "django.forms.renderers.TemplatesSetting"
CRISPY_ALLOWED_TEMPLATE_PACKS = "bootstrap5"
CRISPY_TEMPLATE_PACK = "bootstrap5"

DATABASES = {"default": env.db_url("DATABASE_URL", default=f"sqlite:///{DATA_DIR / 'db.sqlite3'}")}
if DATABASES["default"]["ENGINE"] == "django.db.backends.sqlite3":
    # IMMEDIATE: a transaction that will write takes its place in the queue at once instead of failing half way.
    DATABASES["default"]["OPTIONS"] = {
        "transaction_mode": "IMMEDIATE",
        "timeout": 20,
        "init_command": "PRAGMA journal_mode=WAL; PRAGMA synchronous=FULL; PRAGMA foreign_keys=ON;",
    }
else:
    DATABASES["default"]["CONN_MAX_AGE"] = env.int("CONN_MAX_AGE", default=60)
    DATABASES["default"]["CONN_HEALTH_CHECKS"] = True
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"

REDIS_URL = env_secret("REDIS_URL")
if REDIS_URL:
    CACHES = {"default": {"BACKEND": "django.core.cache.backends.redis.RedisCache", "LOCATION": REDIS_URL}}
else:
    CACHES = {"default": {"BACKEND": "django.core.cache.backends.locmem.LocMemCache"}}

AUTH_USER_MODEL = "branches.User"
AUTHENTICATION_BACKENDS = ["axes.backends.AxesStandaloneBackend", "branches.auth.PoliceNumberBackend"]
AUTH_PASSWORD_VALIDATORS = [
    {"NAME": "django.contrib.auth.password_validation.UserAttributeSimilarityValidator"},
    {"NAME": "django.contrib.auth.password_validation.MinimumLengthValidator", "OPTIONS": {"min_length": 10}},
    {"NAME": "django.contrib.auth.password_validation.CommonPasswordValidator"},
    {"NAME": "django.contrib.auth.password_validation.NumericPasswordValidator"},
]
LOGIN_URL = "branches:login"
LOGIN_REDIRECT_URL = "home"
LOGOUT_REDIRECT_URL = "branches:login"
AXES_FAILURE_LIMIT = 5
AXES_COOLOFF_TIME = timedelta(minutes=30)
AXES_LOCKOUT_PARAMETERS = [["username", "ip_address"]]
AXES_RESET_ON_SUCCESS = True
AXES_LOCKOUT_TEMPLATE = "branches/locked_out.html"
AXES_IPWARE_PROXY_COUNT = env.int("PROXY_COUNT", default=0)
AXES_CLIENT_IP_CALLABLE = "branches.middleware.client_address"
AXES_USERNAME_FORM_FIELD = "username"
AXES_VERBOSE = False

IDLE_TIMEOUT = timedelta(minutes=env.int("IDLE_MINUTES", default=30))
SESSION_COOKIE_AGE = 12 * 60 * 60
SESSION_COOKIE_HTTPONLY = True
SESSION_COOKIE_SAMESITE = "Lax"
SESSION_COOKIE_SECURE = HTTPS
CSRF_COOKIE_SECURE = HTTPS
CSRF_FAILURE_VIEW = "branches.views.errors.csrf_failure"
SECURE_CONTENT_TYPE_NOSNIFF = True
SECURE_REFERRER_POLICY = "same-origin"
SECURE_SSL_REDIRECT = HTTPS and env_bool("SSL_REDIRECT", True)
SECURE_HSTS_SECONDS = env.int("HSTS_SECONDS", default=31536000) if HTTPS else 0
SECURE_HSTS_INCLUDE_SUBDOMAINS = HTTPS
SECURE_HSTS_PRELOAD = HTTPS
if env_bool("BEHIND_PROXY", False):
    SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https")
X_FRAME_OPTIONS = "DENY"
CONTENT_SECURITY_POLICY = {
    "DIRECTIVES": {
        "default-src": [SELF],
        "img-src": [SELF, "data:", "blob:"],
        "object-src": [NONE],
        "base-uri": [NONE],
        "frame-ancestors": [NONE],
        "form-action": [SELF],
    }
}

LANGUAGE_CODE = "zh-hans"
TIME_ZONE = "Asia/Shanghai"
USE_I18N = True
USE_TZ = True

STATIC_URL = "/static/"
STATICFILES_DIRS = [BASE_DIR / "static"]
STATIC_ROOT = DATA_DIR / "static"
MEDIA_ROOT = DATA_DIR / "media"
FONTS_DIR = Path(env.str("FONTS_DIR", default=str(BASE_DIR / "var" / "fonts")))
STORAGES = {
    "default": {"BACKEND": "django.core.files.storage.FileSystemStorage"},
    "staticfiles": {
        "BACKEND": "django.contrib.staticfiles.storage.StaticFilesStorage"
        if DEBUG
        else "whitenoise.storage.CompressedManifestStaticFilesStorage"
    },
}
EVIDENCE_MAX_BYTES = env.int("EVIDENCE_MAX_MB", default=50) * 1024 * 1024
FILM_MAX_BYTES = env.int("FILM_MAX_MB", default=500) * 1024 * 1024
BRANCH_QUOTA_BYTES = env.int("BRANCH_QUOTA_MB", default=2048) * 1024 * 1024
DATA_UPLOAD_MAX_NUMBER_FIELDS = 5000

EMAIL_FROM_URL = env.email_url("EMAIL_URL", default=f"filemail:///{DATA_DIR / 'mail'}")
EMAIL_BACKEND = EMAIL_FROM_URL["EMAIL_BACKEND"]
EMAIL_HOST = EMAIL_FROM_URL.get("EMAIL_HOST") or "localhost"
EMAIL_PORT = EMAIL_FROM_URL.get("EMAIL_PORT") or 25
EMAIL_HOST_USER = EMAIL_FROM_URL.get("EMAIL_HOST_USER") or ""
EMAIL_HOST_PASSWORD = EMAIL_FROM_URL.get("EMAIL_HOST_PASSWORD") or ""
EMAIL_USE_TLS = EMAIL_FROM_URL.get("EMAIL_USE_TLS", False)
EMAIL_USE_SSL = EMAIL_FROM_URL.get("EMAIL_USE_SSL", False)
EMAIL_FILE_PATH = DATA_DIR / "mail"
EMAIL_TIMEOUT = 20
DEFAULT_FROM_EMAIL = env.str("DEFAULT_FROM_EMAIL", default="党支部创建评选平台 <noreply@localhost>")
SITE_URL = env.str("SITE_URL", default="http://127.0.0.1:8000")

# 站外通知：静默时段内不发；各渠道的地址由运维人员设置，不设即不用，系统不会自行访问外部。
QUIET_HOURS = env_hours("QUIET_HOURS", "20:00-08:00")
DIGEST_AT = time.fromisoformat(env.str("DIGEST_AT", default="08:30"))
NOTIFY_EVERY = env.float("NOTIFY_EVERY", default=60.0)
NOTIFY_URLS = {
    channel: url
    for channel in ("wecom", "dingtalk", "sms", "gateway")
    if (url := env_secret(f"NOTIFY_{channel.upper()}_URL"))
}

CELERY_TIMEZONE = TIME_ZONE
CELERY_TASK_IGNORE_RESULT = True
CELERY_TASK_ACKS_LATE = True
CELERY_WORKER_PREFETCH_MULTIPLIER = 1
CELERY_WORKER_HIJACK_ROOT_LOGGER = False
CELERY_BROKER_CONNECTION_RETRY_ON_STARTUP = True
if REDIS_URL:
    CELERY_BROKER_URL = REDIS_URL
else:
    QUEUE_DIR = DATA_DIR / "queue"
    (QUEUE_DIR / "control").mkdir(parents=True, exist_ok=True)
    (QUEUE_DIR / "messages").mkdir(parents=True, exist_ok=True)
    CELERY_BROKER_URL = "filesystem://"
    CELERY_BROKER_TRANSPORT_OPTIONS = {
        "data_folder_in": str(QUEUE_DIR / "messages"),
        "data_folder_out": str(QUEUE_DIR / "messages"),
        "control_folder": str(QUEUE_DIR / "control"),
        "polling_interval": 0.1,
        "store_processed": False,
    }
# A message that nobody took before the next one came is dropped: after an outage each task runs once, not once for
# every minute that was missed.
CELERY_BEAT_SCHEDULE = {
    "requeue-jobs": {"task": "branches.tasks.requeue_jobs", "schedule": 60.0, "options": {"expires": 60}},
    "send-notices": {
        "task": "reviews.tasks.send_notices",
        "schedule": NOTIFY_EVERY,
        "options": {"expires": NOTIFY_EVERY},
    },
    "beat-heart": {"task": "branches.tasks.beat_heart", "schedule": 60.0, "options": {"expires": 60}},
    "enrol": {"task": "applications.tasks.enrol_begun_tracks", "schedule": crontab(minute=5)},
    "sweep-uploads": {"task": "applications.tasks.sweep_uploads", "schedule": crontab(minute=35)},
    "sweep-drafts": {"task": "applications.tasks.sweep_drafts", "schedule": crontab(hour=3, minute=40)},
    "remind": {"task": "reviews.tasks.remind", "schedule": crontab(minute="*/15"), "options": {"expires": 900}},
}

LOGGING = {
    "version": 1,
    "disable_existing_loggers": False,
    "formatters": {"line": {"format": "%(asctime)s %(levelname)s %(name)s %(message)s"}},
    "handlers": {"console": {"class": "logging.StreamHandler", "formatter": "line"}},
    "root": {"handlers": ["console"], "level": env.str("LOG_LEVEL", default="INFO")},
    "loggers": {"weasyprint": {"level": "ERROR"}, "fontTools": {"level": "ERROR"}},
}
