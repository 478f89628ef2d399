"""A few words for scenes at an operator's desk: records into a snapshot, lists matched against it."""

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from watchbell.edge.main import main
from watchbell.formats import strictjson


def osv(name: str, package: str, *events: dict[str, str], ecosystem: str = "PyPI", **more: Any) -> dict[str, Any]:
    affected: dict[str, Any] = {"package": {"ecosystem": ecosystem, "name": package}}
    if events:
        affected["ranges"] = [{"type": "ECOSYSTEM", "events": list(events)}]
    return {
        "id": name,
        "modified": "2026-01-01T00:00:00Z",
        "summary": f"About {package}",
        "affected": [affected],
    } | more


def between(introduced: str, fixed: str) -> tuple[dict[str, str], ...]:
    return {"introduced": introduced}, {"fixed": fixed}


def bill(*purls: str, **more: Any) -> dict[str, Any]:
    components = [
        {"type": "library", "bom-ref": f"c{at}", "name": purl.split("/")[-1].split("@")[0], "purl": purl}
        for at, purl in enumerate(purls)
    ]
    return {"bomFormat": "CycloneDX", "specVersion": "1.6", "version": 1, "components": components} | more


@dataclass
class Desk:
    """One operator's folder, and what the last command said."""

    folder: Path
    capture: pytest.CaptureFixture[bytes]
    out: str = ""
    err: str = ""

    def put(self, name: str, content: object) -> str:
        path = self.folder / name
        path.write_bytes(content if isinstance(content, bytes) else json.dumps(content).encode())
        return str(path)

    def run(self, *arguments: str) -> int:
        code = main(arguments)
        written = self.capture.readouterr()
        self.out, self.err = written.out.decode(), written.err.decode()
        return code

    def build(self, *documents: object, out: str = "snapshot") -> str:
        for at, document in enumerate(documents):
            self.put(f"source-{at}.json", document)
        places = [str(self.folder / f"source-{at}.json") for at in range(len(documents))]
        target = str(self.folder / out)
        assert self.run("snapshot", "build", "--from", *places, "--out", target) == 0, self.err
        return target

    def match(self, *lists: object, **options: str) -> tuple[int, dict[str, Any]]:
        paths = [self.put(f"list-{at}.json", one) for at, one in enumerate(lists)]
        words = [word for name, value in options.items() for word in (f"--{name.replace('_', '-')}", value)]
        code = self.run("match", *paths, "--snapshot", str(self.folder / "snapshot"), "--format", "json", *words)
        answer: dict[str, Any] = strictjson.loads(self.out) if self.out else {}
        assert answer or code == 2, self.err
        if answer:
            assert answer["components"] == answer["assessed"] + len(answer["not_assessed"])
        return code, answer


def shown(answer: dict[str, Any]) -> list[tuple[str, str, str]]:
    return [(one["component"]["purl"], one["vulnerability"]["id"], one["status"]) for one in answer["matches"]]
