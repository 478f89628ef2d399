"""What tests of the suites ask of items: one digest for all of a suite, and the functions of a module."""

import ast
import json
import os
import subprocess
import sys
from hashlib import sha256

from watchbell.domain.suites.suite import LEVELS, Suite

SEED = b"a public seed"


def digest(suite: Suite) -> str:
    """Return one digest of the first item of each family and level: any change of any of them changes it."""
    told = sha256()
    for family in suite.FAMILIES:
        for level in LEVELS:
            item = suite.generate(SEED, family, level, 0)
            told.update(json.dumps([item.name, item.prompt, item.truth], sort_keys=True).encode())
    return told.hexdigest()[:16]


def digest_elsewhere(name: str, hash_seed: str) -> str:
    """Return the same digest as another process works it out, in which sets have another order."""
    asks = f"from tests.support.suite_items import digest; from watchbell.domain.suites import {name} as suite"
    told = subprocess.run(
        [sys.executable, "-c", f"{asks}; print(digest(suite))"],
        env={**os.environ, "PYTHONHASHSEED": hash_seed},
        capture_output=True,
        text=True,
        check=True,
    )
    return told.stdout.strip()


def names_of(source: str) -> dict[str, str]:
    """Return the functions of a module, each with its text."""
    tree = ast.parse(source)
    return {node.name: ast.unparse(node) for node in ast.walk(tree) if isinstance(node, ast.FunctionDef)}
