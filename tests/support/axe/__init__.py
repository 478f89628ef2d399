"""Where is axe-core? Where npm put it, version and digest fixed; it is never kept in the repository."""

import hashlib
import os
import shutil
import subprocess

from tests.support import machine

VERSION = "4.10.3"
DIGEST = "880970c081707360e64f34cea25ff91892f5bc95675b0776925b9709dd8a68bb"
PLACE = machine.ROOT / "node_modules" / "axe-core" / "axe.min.js"


class AnotherAxe(Exception):
    """The axe-core found is not the one these tests were written for; remove node_modules and run them again."""


def source() -> str:
    """Return axe-core's text, or nothing when it is neither here nor to be had from npm. Raises AnotherAxe."""
    if not PLACE.is_file():
        _fetch()
    if not PLACE.is_file():
        return ""
    content = PLACE.read_bytes()
    if hashlib.sha256(content).hexdigest() != DIGEST:
        raise AnotherAxe(str(PLACE))
    return content.decode("utf-8")


def _fetch() -> None:
    npm = shutil.which("npm")
    if npm is None:
        return
    quiet = ["--no-save", "--no-package-lock", "--no-audit", "--no-fund", "--ignore-scripts"]
    subprocess.run(
        [npm, "install", *quiet, "--prefix", str(machine.ROOT), f"axe-core@{VERSION}"],
        capture_output=True,
        check=False,
        timeout=120,
        env={**os.environ, "npm_config_loglevel": "error"},
    )
