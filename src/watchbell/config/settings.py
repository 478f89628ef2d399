"""Django's settings, translated once from `outside.settings`; nothing else reads the environment."""

import os
from typing import Any
from urllib.parse import parse_qsl, unquote, urlsplit

from watchbell.outside.secret import django_secret
from watchbell.outside.settings import Settings

WATCHBELL = Settings.from_env(os.environ)

SECRET_KEY = django_secret(WATCHBELL)
DEBUG = False
ROOT_URLCONF = "watchbell.config.urls"
WSGI_APPLICATION = "watchbell.config.wsgi.application"
ALLOWED_HOSTS = [WATCHBELL.host] + (["127.0.0.1", "[::1]", "localhost"] if not WATCHBELL.is_https else [])
CSRF_TRUSTED_ORIGINS = [WATCHBELL.base_url]
USE_TZ = True
TIME_ZONE = "UTC"
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"
SITE_NAME = "Watchbell"

ROOMS = [
    "journal",
    "jobs",
    "orgs",
    "files",
    "vulnerabilities",
    "engagements",
    "evaluation",
    "findings",
    "cases",
    "advisories",
    "inventory",
    "remediation",
    "notices",
]
INSTALLED_APPS = [
    *(f"watchbell.apps.{room}" for room in ROOMS),
    "watchbell.web",
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.sessions",
    "django.contrib.messages",
    "django.contrib.staticfiles",
    "allauth",
    "allauth.account",
    "allauth.mfa",
    "django_htmx",
]

MIDDLEWARE = [
    "watchbell.doors.headers.SecurityHeaders",
    "watchbell.doors.reference.ReferenceId",
    "watchbell.doors.static.StaticFiles",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.locale.LocaleMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
    "allauth.account.middleware.AccountMiddleware",
    "django_htmx.middleware.HtmxMiddleware",
    "watchbell.doors.credentials.ActorOfRequest",
]

TEMPLATES = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "APP_DIRS": True,
        "OPTIONS": {
            "context_processors": [
                "django.template.context_processors.request",
                "django.contrib.auth.context_processors.auth",
                "django.contrib.messages.context_processors.messages",
                "watchbell.web.context.page",
            ],
        },
    }
]
STATIC_URL = "/static/"


def _postgresql(url: str) -> dict[str, Any]:
    """Return the connection to PostgreSQL: pooled, with every wait bounded."""
    parts = urlsplit(url)
    extra = dict(parse_qsl(parts.query))
    bounds = "-c statement_timeout=60000 -c lock_timeout=20000 -c idle_in_transaction_session_timeout=60000"
    return {
        "ENGINE": "watchbell.config.postgresql",
        "NAME": unquote(parts.path.lstrip("/")) or "watchbell",
        "USER": unquote(parts.username or ""),
        "PASSWORD": unquote(parts.password or ""),
        "HOST": extra.pop("host", parts.hostname or ""),
        "PORT": str(parts.port or extra.pop("port", "")),
        "CONN_MAX_AGE": 0,
        "OPTIONS": {"pool": {"min_size": 1, "max_size": 24, "timeout": 20}, "options": bounds, **extra},
    }


def _sqlite() -> dict[str, Any]:
    """Return the embedded database: one durable level for everything, and writers that queue instead of failing."""
    return {
        "ENGINE": "django.db.backends.sqlite3",
        "NAME": WATCHBELL.sqlite_path,
        "CONN_MAX_AGE": None,
        "OPTIONS": {
            "transaction_mode": "IMMEDIATE",
            "timeout": 20,
            "init_command": "PRAGMA journal_mode=WAL; PRAGMA synchronous=FULL; PRAGMA foreign_keys=ON;"
            " PRAGMA cache_size=-65536; PRAGMA temp_store=MEMORY;",
        },
    }


DATABASES = {"default": _postgresql(WATCHBELL.database_url) if WATCHBELL.uses_postgresql else _sqlite()}
# Used codes and counters live in the database, for all processes. A full cache forgets living entries, and Django's
# own bound of 300 could be filled by knocking from many addresses.
CACHES = {
    "default": {
        "BACKEND": "django.core.cache.backends.db.DatabaseCache",
        "LOCATION": "watchbell_cache",
        "OPTIONS": {"MAX_ENTRIES": 20_000},
    }
}

AUTH_USER_MODEL = "orgs.Person"
AUTHENTICATION_BACKENDS = ["watchbell.doors.signin.Backend"]
PASSWORD_HASHERS = ["watchbell.doors.argon2.Argon2id"]
AUTH_PASSWORD_VALIDATORS = [
    {"NAME": "django.contrib.auth.password_validation.MinimumLengthValidator", "OPTIONS": {"min_length": 12}},
    {"NAME": "django.contrib.auth.password_validation.CommonPasswordValidator"},
    {"NAME": "django.contrib.auth.password_validation.UserAttributeSimilarityValidator"},
]
PASSWORD_RESET_TIMEOUT = 3600
LOGIN_URL = "account_login"
LOGIN_REDIRECT_URL = "/"
ACCOUNT_LOGIN_METHODS = {"email"}
ACCOUNT_SIGNUP_FIELDS = ["email*", "password1*"]
ACCOUNT_USER_MODEL_USERNAME_FIELD = None
ACCOUNT_EMAIL_VERIFICATION = "none"
ACCOUNT_PREVENT_ENUMERATION = "strict"
ACCOUNT_ADAPTER = "watchbell.doors.signin.Accounts"
ACCOUNT_LOGOUT_ON_GET = False
ACCOUNT_REAUTHENTICATION_TIMEOUT = 300
ACCOUNT_SESSION_REMEMBER = False
ACCOUNT_RATE_LIMITS = {  # tries / time / for each address, account (key) or signed-in person
    "login": "30/m/ip",
    "login_failed": "10/m/ip,5/5m/key",
    "reset_password": "10/m/ip,5/h/key",
    "reset_password_from_key": "20/m/ip",
    "reauthenticate": "10/m/user",
    "change_password": "5/m/user",
}
MFA_ADAPTER = "watchbell.doors.signin.SecondFactors"
MFA_SUPPORTED_TYPES = ["totp", "webauthn", "recovery_codes"]
MFA_PASSKEY_LOGIN_ENABLED = True
MFA_PASSKEY_SIGNUP_ENABLED = False
MFA_TOTP_ISSUER = SITE_NAME
MFA_RATE_LIMITS = {"webauthn_login": "10/m/ip"}
MFA_WEBAUTHN_ALLOW_INSECURE_ORIGIN = not WATCHBELL.is_https

SESSION_COOKIE_HTTPONLY = True
SESSION_COOKIE_SAMESITE = "Lax"
SESSION_COOKIE_AGE = 12 * 3600
SESSION_EXPIRE_AT_BROWSER_CLOSE = True
CSRF_COOKIE_HTTPONLY = True
CSRF_COOKIE_SAMESITE = "Lax"
CSRF_FAILURE_VIEW = "watchbell.web.errors.csrf_refused"
if WATCHBELL.is_https:
    SESSION_COOKIE_SECURE = CSRF_COOKIE_SECURE = True
    SESSION_COOKIE_NAME, CSRF_COOKIE_NAME = "__Host-session", "__Host-csrf"
    SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https")

LANGUAGE_CODE = "en"
LANGUAGES = [("en", "English"), ("es", "Español")]
LANGUAGE_COOKIE_SAMESITE = "Lax"
DATA_UPLOAD_MAX_MEMORY_SIZE = 10 * 1024 * 1024
DATA_UPLOAD_MAX_NUMBER_FIELDS = 500
DATA_UPLOAD_MAX_NUMBER_FILES = 5
SILENCED_SYSTEM_CHECKS = ["auth.W004"]  # uniqueness is on Lower(email), which the check cannot see
LOGGING_CONFIG = None
EMAIL_BACKEND = "watchbell.doors.signin.MailThroughOutside"
