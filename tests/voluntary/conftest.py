"""A run of checks inside a test's own transaction."""

from pathlib import Path

import pytest

from watchbell.voluntary.run import Run


@pytest.fixture
def run(db: None, tmp_path: Path) -> Run:
    return Run(tmp_path)
