"""What does this machine have for tests: PostgreSQL, Chromium, bubblewrap, real data by others?"""

import os
import shutil
from collections.abc import Mapping
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
SHARED_DATA = ROOT.parent / "shared" / "data"
# Compiled modules of every process that tests start, apart from the sources: each would compile for two seconds anew.
BYTECODE = ROOT / ".venv" / "bytecode"
# Inspect has an environment of its own, which the product's processes never load.
INSPECT_PYTHON = ROOT / ".venv" / "eval" / "bin" / "python"
# An environment of its own, made by `./watchbell test spark`: PySpark alone is half a gigabyte.
SPARK_PYTHON = ROOT / ".venv" / "spark" / "bin" / "python"


def without_node(environment: Mapping[str, str]) -> dict[str, str]:
    """Return an environment that names no node of Watchbell's and lets Python keep what it compiled."""
    return {
        name: value
        for name, value in environment.items()
        if not name.startswith("WATCHBELL_") and name != "PYTHONDONTWRITEBYTECODE"
    }


def required() -> frozenset[str]:
    """Return what must be there: a skip for one of these is a failure."""
    return frozenset(word for word in os.environ.get("WATCHBELL_TEST_REQUIRE", "").split(",") if word)


def why_missing(need: str) -> str:
    """Return a plain reason why this need cannot be met here, or nothing when it can."""
    if need == "postgres" and not postgres_url():
        return "PostgreSQL is not offered: set PGTEST_URL to an empty server's postgresql:// address"
    if need == "chromium" and not shutil.which("chromium"):
        return "Chromium is not installed (Debian: apt-get install chromium)"
    if need == "bwrap" and not shutil.which("bwrap"):
        return "bubblewrap is not installed (Debian: apt-get install bubblewrap)"
    if need == "openssl" and not shutil.which("openssl"):
        return "OpenSSL's command is not installed (Debian: apt-get install openssl)"
    if need == "inspect" and not INSPECT_PYTHON.exists():
        return "Inspect is not installed here (requirements/eval.txt into .venv/eval)"
    if need == "spark" and not SPARK_PYTHON.exists():
        return "PySpark is not installed here (./watchbell test spark does that, a gigabyte)"
    if need == "spark" and not shutil.which("java"):
        return "Java is not installed (Debian: apt-get install default-jre-headless)"
    if need == "data" and not SHARED_DATA.is_dir():
        return "the real data sets are not beside the checkout"
    return ""


def postgres_url() -> str:
    """Return the address of a server on which tests may create databases, or nothing."""
    return os.environ.get("PGTEST_URL", "")
