"""What does a node do when its disk is full? It says so, keeps what it confirmed, and goes on when there is room."""

import json
import shutil
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from tests.support import storage
from tests.support.nodes import Node, Served, served

from watchbell.formats import strictjson

ROOM_MIB = 48


@dataclass(frozen=True, slots=True)
class Life:
    """A node on a small storage, and the token of an operator that hands findings in and lists what it runs."""

    running: Served
    token: str
    is_small: bool

    @property
    def node(self) -> Node:
        return self.running.node

    def ask(self, path: str, method: str = "GET", body: bytes | None = None) -> tuple[int, dict[str, str], Any]:
        named = {"Authorization": f"Bearer {self.token}", "Content_Type": "application/json"}
        status, headers, answer = self.running.ask(path, method=method, body=body, **named)
        return status, headers, strictjson.loads(answer)

    def hand_in(self, name: str) -> tuple[int, dict[str, str], Any]:
        said = {"id": name, "title": f"Overflow in {name}", "products": [{"purl": "pkg:pypi/orderly@1.0.0"}]}
        return self.ask("/api/v1/submissions", "POST", json.dumps(said).encode() + b"\n")

    def add_asset(self, name: str) -> tuple[int, dict[str, str], Any]:
        return self.ask("/api/v1/assets", "POST", json.dumps({"name": name}).encode())

    def there(self) -> set[str]:
        """Return the names of all findings and assets."""
        _, _, findings = self.ask("/api/v1/submissions/findings")
        _, _, assets = self.ask("/api/v1/assets")
        return {one["item_id"] for one in findings} | {one["name"] for one in assets["assets"]}

    def become_full(self, way: str) -> Callable[[], None]:
        """Let no byte more be written; return what ends that."""
        return storage.fill(self.node.home) if way == "full" else storage.limit(self.running.process.pid)

    def leftovers(self) -> list[Path]:
        return [path for path in self.node.home.rglob("*") if path.name.startswith(".tmp-")]


@pytest.fixture(scope="module")
def life(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Life]:
    home = tmp_path_factory.mktemp("small") / "home"
    with storage.mounted(home, ROOM_MIB) as is_small:
        node = Node(home)
        link = node.make()
        with served(node) as running:
            running.join(link)
            yield Life(running, running.newcomer("Mill Bank", "operator", "submit", "read", "inventory")[1], is_small)


@pytest.mark.parametrize("way", ["full", "limited"])
def test_a_node_without_room_says_so_keeps_what_it_confirmed_and_goes_on_when_there_is_room(
    life: Life, way: str
) -> None:
    if way == "full" and not life.is_small:
        pytest.skip("a file system of one's own can only be mounted by root")
    names, asset = [f"{way}-{number}" for number in range(3)], f"{way}-asset"
    assert [life.hand_in(f"{name}-before")[0] for name in names] == [200] * 3
    confirmed, pid = life.there(), life.running.process.pid

    make_room = life.become_full(way)
    try:
        refused = [life.hand_in(name) for name in names]
        written_in_place = life.add_asset(asset)  # the write-ahead log may have room left that it took before
        alive, kept, leftovers = life.running.ask("/healthz")[0], life.there(), life.leftovers()
    finally:
        make_room()
    after = [*(life.hand_in(name)[0] for name in names), life.add_asset(asset)[0]]

    refused += [written_in_place] if written_in_place[0] != 200 else []
    assert [(status, said["code"]) for status, _, said in refused] == [(507, "storage-full")] * len(refused)
    assert {headers["content-type"] for _, headers, _ in refused} == {"application/problem+json"}
    assert all(int(headers["retry-after"]) > 0 for _, headers, _ in refused)
    assert len(refused) == 4 or way == "full"
    assert (alive, leftovers) == (200, [])
    assert kept == confirmed | ({asset} if written_in_place[0] == 200 else set())
    assert after == [200] * 4
    assert life.there() == confirmed | {*names, asset}
    assert (life.running.process.poll(), life.running.process.pid) == (None, pid)
    assert life.node.watchbell("journal", "verify").returncode == 0


def test_the_doctor_warns_while_there_still_is_room(life: Life) -> None:
    if not life.is_small:
        pytest.skip("a file system of one's own can only be mounted by root")

    checks = {
        each["name"]: each
        for each in strictjson.loads(life.node.watchbell("doctor", "--json").stdout.encode())["checks"]
    }

    assert shutil.disk_usage(life.node.home).free > 0
    assert checks["disk"]["state"] == "ill"
    assert "space" in checks["disk"]["todo"]
