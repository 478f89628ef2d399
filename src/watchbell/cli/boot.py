"""Make this process a node: read the settings, start Django, say plainly what is wrong."""

import json
import logging
import os
import sys
from typing import Any

import click

from watchbell.outside.settings import BadSetting, Settings


def settings() -> Settings:
    """Return this process's settings; a bad one ends the command with exit 2."""
    try:
        return Settings.from_env(os.environ)
    except BadSetting as error:
        raise click.UsageError(str(error)) from error


def boot(*, must_exist: bool = True) -> Settings:
    """Start Django for this node; unless told otherwise the node must have been made by `init`."""
    node = settings()
    if must_exist and not (node.keys / "django-secret").exists():
        raise click.UsageError(f"There is no node in {node.home} yet. Run `watchbell init` first.")
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "watchbell.config.settings")
    import django

    django.setup()
    _log()
    return node


def _log() -> None:
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(_OneLine())
    root = logging.getLogger()
    root.handlers[:] = [handler]
    root.setLevel(logging.WARNING)
    logging.getLogger("watchbell").setLevel(logging.INFO)


class _OneLine(logging.Formatter):
    """Format a record as one bounded line that no input can break."""

    def format(self, record: logging.LogRecord) -> str:
        """Return the message with control characters escaped, at most 2,000 characters."""
        text = record.getMessage()
        if record.exc_info and record.exc_info[1]:
            text += f" ({type(record.exc_info[1]).__name__}: {record.exc_info[1]})"
        if not text.startswith("{"):
            text = json.dumps({"level": record.levelname, "from": record.name, "says": text[:2000]})
        return text.encode("unicode_escape").decode("ascii")[:2400] if not text.isprintable() else text[:2400]


def show(answer: dict[str, Any], *, as_json: bool, sentence: str) -> None:
    """Print the answer for a program or for a person."""
    click.echo(json.dumps(answer) if as_json else sentence)
