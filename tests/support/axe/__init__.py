"""Where is axe-core? Where CI put it with npm; it is never kept in the repository."""

import os
import shutil
import subprocess
from pathlib import Path

from tests.support import machine

VERSION = "4.10.3"
PLACE = machine.ROOT / "node_modules" / "axe-core" / "axe.min.js"


def source() -> str:
    """Return axe-core's text, or nothing when it is neither here nor to be had from npm."""
    if not PLACE.is_file():
        _fetch()
    return PLACE.read_text(encoding="utf-8") if PLACE.is_file() else ""


def _fetch() -> None:
    npm = shutil.which("npm")
    if npm is None:
        return
    command = [npm, "install", "--no-save", "--no-package-lock", "--no-audit", "--no-fund", "--ignore-scripts"]
    subprocess.run(
        [*command, "--prefix", str(_folder()), f"axe-core@{VERSION}"],
        capture_output=True,
        check=False,
        timeout=120,
        env={**os.environ, "npm_config_loglevel": "error"},
    )


def _folder() -> Path:
    return PLACE.parents[2]
