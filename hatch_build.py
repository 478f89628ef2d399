"""Compile the translations before the wheel is packed, so that an installed node needs no gettext."""

import importlib.util
from pathlib import Path
from typing import Any

from hatchling.builders.hooks.plugin.interface import BuildHookInterface

CATALOGUES = Path(__file__).parent / "src" / "watchbell" / "web" / "catalogues.py"


class CompiledCatalogues(BuildHookInterface):  # type: ignore[type-arg, misc]
    """This will write each language's `django.mo` beside its sources."""

    def initialize(self, version: str, build_data: dict[str, Any]) -> None:
        """Compile what is older than its sources."""
        spec = importlib.util.spec_from_file_location("catalogues", CATALOGUES)
        assert spec is not None
        assert spec.loader is not None
        module = importlib.util.module_from_spec(spec)
        spec.loader.exec_module(module)
        module.compile_stale(CATALOGUES.parent / "locale")
