"""What was this node told, what does it run on, and is it well? Names and origins; secrets are never shown."""

import platform
import sqlite3
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit

import django
from django.conf import settings
from django.db import connection
from django.http import HttpResponse
from django.shortcuts import render
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _
from django.views.decorators.http import require_safe

from watchbell import __version__
from watchbell.doors.policy import NODE_ADMIN, open_to
from watchbell.outside.settings import KNOWN, Settings
from watchbell.web.asking import Asking
from watchbell.web.node import wellbeing

MEANINGS: dict[str, str | Promise] = {
    "WATCHBELL_HOME": _("Where the node keeps its files"),
    "WATCHBELL_DATABASE_URL": _("Which database it uses; unset is the embedded one"),
    "WATCHBELL_KEYS": _("Where its keys lie, apart from database and backups"),
    "WATCHBELL_KEYS_SHARED": _("Whether several machines share that folder"),
    "WATCHBELL_TOKEN": _("A token for the console's own verbs"),
    "WATCHBELL_TEST_REQUIRE": _("What tests may not skip"),
    "WATCHBELL_BASE_URL": _("The address people reach it by"),
    "WATCHBELL_EMAIL_URL": _("How it sends mail; unset, mails become files"),
    "WATCHBELL_TRUSTED_PROXIES": _("Which proxies it believes about addresses"),
    "WATCHBELL_EGRESS_ALLOW": _("Which further hosts it may speak to"),
    "WATCHBELL_GATEWAY_URL": _("The address evaluators, and runs of this node, reach its gateway by"),
}
SECRETS = frozenset({"WATCHBELL_TOKEN", "WATCHBELL_EMAIL_URL"})


@dataclass(frozen=True, slots=True)
class Setting:
    """One setting as shown; `value` is empty for a secret and for one that says nothing."""

    name: str
    meaning: str | Promise
    value: str
    is_default: bool
    is_secret: bool


@open_to(NODE_ADMIN)
@require_safe
def setup(request: Asking) -> HttpResponse:
    """Show the page; it is made from the settings themselves."""
    context = {
        "settings": told(settings.WATCHBELL),
        "versions": versions(),
        "checks": wellbeing.checks(request.actor, now=request.now),
    }
    return render(request, "node/settings.html", context)


def told(node: Settings) -> list[Setting]:
    """Return every setting there is, in the order they are documented."""
    unsaid = Settings.from_env({"WATCHBELL_HOME": str(node.home)})
    return [_setting(name, node, unsaid) for name in KNOWN]


def versions() -> list[tuple[str, str]]:
    """Return what this node runs on: names and versions."""
    database = f"SQLite {sqlite3.sqlite_version}"
    if connection.vendor == "postgresql":
        number: Any = getattr(connection, "pg_version", 0)
        database = f"PostgreSQL {number // 10000}.{number % 10000}"
    return [
        ("Watchbell", __version__),
        ("Python", platform.python_version()),
        ("Django", django.get_version()),
        (str(_("Database")), database),
    ]


def _setting(name: str, node: Settings, unsaid: Settings) -> Setting:
    field = name.removeprefix("WATCHBELL_").lower()
    value, default = getattr(node, field), getattr(unsaid, field)
    if name == "WATCHBELL_HOME":
        default = Settings.from_env({}).home
    is_secret = name in SECRETS
    return Setting(
        name=name,
        meaning=MEANINGS[name],
        value="" if is_secret else _shown(name, value),
        is_default=value == default,
        is_secret=is_secret and bool(value),
    )


def _shown(name: str, value: Any) -> str:
    if name == "WATCHBELL_DATABASE_URL" and value:
        parts = urlsplit(value)
        return f"{parts.scheme}://{parts.hostname or ''}{parts.path}"  # the user, the password and options stay inside
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, tuple | frozenset):
        return ", ".join(sorted(value))
    return str(value)
