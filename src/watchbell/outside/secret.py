"""Where does Django's own secret come from? From the key folder, made once, never from the database."""

import contextlib
import hashlib
import os
from pathlib import Path

from watchbell.outside.settings import Settings


def django_secret(settings: Settings) -> str:
    """Return the signing secret of this node's sessions and forms.

    Before `init` has made one, a value that lives only as long as this process is
    returned, so that a command such as `--help` never writes anything.
    """
    path = secret_path(settings)
    try:
        return path.read_text(encoding="ascii").strip()
    except FileNotFoundError:
        return hashlib.sha256(os.urandom(32)).hexdigest()


def secret_path(settings: Settings) -> Path:
    """Return the file that holds the secret."""
    return settings.keys / "django-secret"


def make_secret(settings: Settings) -> None:
    """This will create the secret if it is not there yet; two processes racing agree on one."""
    path = secret_path(settings)
    if path.exists():
        return
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    draft = path.with_name(f"{path.name}.{os.getpid()}")
    with open(os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "w", encoding="ascii") as file:
        file.write(hashlib.sha256(os.urandom(64)).hexdigest())
        file.flush()
        os.fsync(file.fileno())
    with contextlib.suppress(FileExistsError):
        os.link(draft, path)
    draft.unlink()
