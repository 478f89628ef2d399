"""What was this node told by its environment? One frozen answer, read once at the start."""

import difflib
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import urlsplit

KNOWN = (
    "WATCHBELL_HOME",
    "WATCHBELL_DATABASE_URL",
    "WATCHBELL_KEYS",
    "WATCHBELL_KEYS_SHARED",
    "WATCHBELL_TOKEN",
    "WATCHBELL_TEST_REQUIRE",
    "WATCHBELL_BASE_URL",
    "WATCHBELL_EMAIL_URL",
    "WATCHBELL_TRUSTED_PROXIES",
    "WATCHBELL_EGRESS_ALLOW",
    "WATCHBELL_GATEWAY_URL",
)
DEFAULT_BASE_URL = "http://localhost:8000"


class BadSetting(ValueError):
    """An environment variable is unknown or does not make sense; its text says which and what to do."""


@dataclass(frozen=True, slots=True)
class Settings:
    """Every setting of one process; made by `from_env`, translated for Django by `config.settings`."""

    home: Path
    keys: Path
    database_url: str = ""
    keys_shared: bool = False
    token: str = field(default="", repr=False)
    test_require: frozenset[str] = frozenset()
    base_url: str = DEFAULT_BASE_URL
    email_url: str = field(default="", repr=False)
    trusted_proxies: tuple[str, ...] = ()
    egress_allow: tuple[str, ...] = ()
    gateway_url: str = ""

    @classmethod
    def from_env(cls, env: Mapping[str, str]) -> "Settings":
        """Return the settings this environment states; raises BadSetting on an unknown or senseless one."""
        _refuse_unknown(env)
        home = Path(env.get("WATCHBELL_HOME") or "var").absolute()
        return cls(
            home=home,
            keys=Path(env["WATCHBELL_KEYS"]).absolute() if env.get("WATCHBELL_KEYS") else home / "keys",
            database_url=_database_url(env.get("WATCHBELL_DATABASE_URL", "")),
            keys_shared=_yes(env, "WATCHBELL_KEYS_SHARED"),
            token=env.get("WATCHBELL_TOKEN", ""),
            test_require=frozenset(_words(env.get("WATCHBELL_TEST_REQUIRE", ""))),
            base_url=_base_url(env.get("WATCHBELL_BASE_URL") or DEFAULT_BASE_URL),
            email_url=env.get("WATCHBELL_EMAIL_URL", ""),
            trusted_proxies=_words(env.get("WATCHBELL_TRUSTED_PROXIES", "")),
            egress_allow=_words(env.get("WATCHBELL_EGRESS_ALLOW", "")),
            gateway_url=_gateway_url(env.get("WATCHBELL_GATEWAY_URL", "")),
        )

    @property
    def uses_postgresql(self) -> bool:
        """Return whether the database is PostgreSQL rather than the embedded SQLite."""
        return bool(self.database_url)

    @property
    def sqlite_path(self) -> Path:
        """Return where the embedded database lies."""
        return self.home / "watchbell.sqlite3"

    @property
    def host(self) -> str:
        """Return the host name people reach this node by."""
        return urlsplit(self.base_url).hostname or "localhost"

    @property
    def is_https(self) -> bool:
        """Return whether people reach this node over TLS."""
        return self.base_url.startswith("https://")


def _refuse_unknown(env: Mapping[str, str]) -> None:
    for name in env:
        if name.startswith("WATCHBELL_") and name not in KNOWN:
            near = difflib.get_close_matches(name, KNOWN, n=1, cutoff=0)
            raise BadSetting(f"{name} is not a setting of Watchbell. The nearest one is {near[0]}; fix or unset it.")


def _words(text: str) -> tuple[str, ...]:
    return tuple(word.strip() for word in text.split(",") if word.strip())


def _yes(env: Mapping[str, str], name: str) -> bool:
    value = env.get(name, "").lower()
    if value not in ("", "yes", "no"):
        raise BadSetting(f"{name} is {value!r}; use yes or no.")
    return value == "yes"


def _database_url(url: str) -> str:
    if url and urlsplit(url).scheme not in ("postgresql", "postgres"):
        raise BadSetting(
            "WATCHBELL_DATABASE_URL must start with postgresql:// ; leave it unset for the embedded database."
        )
    return url


def _base_url(url: str) -> str:
    parts = urlsplit(url)
    if parts.scheme not in ("http", "https") or not parts.hostname or parts.path.strip("/"):
        raise BadSetting(f"WATCHBELL_BASE_URL is {url!r}; use the form https://watchbell.example.org without a path.")
    if parts.scheme == "http" and parts.hostname not in ("localhost", "127.0.0.1", "::1"):
        raise BadSetting("WATCHBELL_BASE_URL may be http:// only on localhost; put TLS in front and use https://.")
    return url.rstrip("/")


def _gateway_url(url: str) -> str:
    parts = urlsplit(url)
    odd = parts.username or parts.query or parts.fragment or parts.path.strip("/")
    if url and (parts.scheme not in ("http", "https") or not parts.hostname or odd):
        raise BadSetting(
            f"WATCHBELL_GATEWAY_URL is {url!r}; use the form https://gateway.example.org without a path, "
            "or leave it unset for port 8010 of this machine."
        )
    return url.rstrip("/")
