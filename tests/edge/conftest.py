"""A desk for each test: its own folder, cache and output."""

from pathlib import Path

import pytest
from tests.edge.scene import Desk


@pytest.fixture
def desk(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsysbinary: pytest.CaptureFixture[bytes]) -> Desk:
    monkeypatch.setenv("WATCHBELL_HOME", str(tmp_path / "home"))
    return Desk(tmp_path, capsysbinary)
