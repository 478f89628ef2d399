"""Where is axe-core? In a wheel among the tests' own requirements, held by its hash there; it is never kept here."""

from importlib import metadata
from pathlib import Path


def source() -> str:
    """Return axe-core's text."""
    carrier = metadata.distribution("axe-playwright-python")
    return Path(str(carrier.locate_file("axe_playwright_python/axe.min.js"))).read_text(encoding="utf-8")
