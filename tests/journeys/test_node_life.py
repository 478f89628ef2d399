"""Does a real node live: made, served, worked on, backed up while people write, restored, upgraded, stopped?"""

import json
import shutil
import signal
import sqlite3
import threading
import time
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from tests.support.nodes import Node, Served, served, throwaway

ADMINISTRATOR = "admin@localhost"


@dataclass(frozen=True, slots=True)
class Life:
    """One node that serves, with a lab on it that may hand findings in."""

    running: Served
    lab: str
    token: str

    @property
    def node(self) -> Node:
        return self.running.node

    def hand_in(self, name: str, **headers: str) -> tuple[int, Any]:
        status, _, body = self.running.ask(
            "/api/v1/submissions",
            method="POST",
            body=finding(name),
            Authorization=f"Bearer {self.token}",
            Content_Type="application/x-ndjson",
            **headers,
        )
        return status, json.loads(body)  # noqa: TID251 (what our own node answered)

    def findings(self) -> set[str]:
        return names_of(self.running, self.token)


def finding(name: str) -> bytes:
    said = {
        "title": f"Overflow in {name}",
        "description": f"A long name overflows the buffer of {name}.",
        "id": name,
        "products": [{"purl": "pkg:pypi/orderly@1.0.0"}],
    }
    return json.dumps(said).encode() + b"\n"


def names_of(running: Served, token: str) -> set[str]:
    status, _, body = running.ask("/api/v1/submissions/findings", Authorization=f"Bearer {token}")
    assert status == 200, body
    return {one["item_id"] for one in json.loads(body)}  # noqa: TID251 (as above)


@pytest.fixture(scope="module")
def life(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Life]:
    with throwaway(tmp_path_factory.mktemp("life") / "home") as node:
        link = node.answer("init")["admin_link"]
        with served(node) as running:
            running.join(link)
            lab, token = running.newcomer("Harbour Lab", "lab", "submit", "read")
            yield Life(running, lab, token)


def test_the_first_administrator_joins_by_the_link_once_and_init_prints_no_second(life: Life) -> None:
    again = life.node.answer("init")

    assert again["admin_link"] == ""


def test_only_its_own_user_can_read_what_a_node_keeps(life: Life) -> None:
    modes = {path: path.stat().st_mode & 0o077 for path in life.node.home.rglob("*")}

    assert {path for path, mode in modes.items() if mode} == set()


def test_the_doctor_finds_a_fresh_node_well(life: Life) -> None:
    done = life.node.watchbell("doctor", "--json")

    checks = {check["name"]: check for check in json.loads(done.stdout)["checks"]}  # noqa: TID251 (as above)
    wanted = {"database", "schema", "record", "keys", "disk", "clock", "address", "certificate", "mail", "sandbox"}
    assert wanted <= set(checks)
    assert [check for check in checks.values() if check["state"] == "ill" and check["name"] != "disk"] == []
    assert all(check["todo"] for check in checks.values() if check["state"] == "ill")


def test_the_doctor_ends_with_one_when_something_is_ill(life: Life) -> None:
    keys = life.node.home / "keys"
    keys.chmod(0o755)
    try:
        done = life.node.watchbell("doctor")
    finally:
        keys.chmod(0o700)

    assert done.returncode == 1
    assert "chmod 700" in done.stdout


def test_submit_sends_findings_and_sending_them_again_changes_nothing(life: Life, tmp_path: Path) -> None:
    file = tmp_path / "findings.ndjson"
    file.write_bytes(finding("sent") + b'{"title": 7}\n')
    words = ("submit", str(file), "--to", f"http://localhost:{life.running.port}")

    first = life.node.watchbell(*words, "--json", WATCHBELL_TOKEN=life.token)
    again = life.node.watchbell(*words, "--json", WATCHBELL_TOKEN=life.token)
    stranger = life.node.watchbell(*words, WATCHBELL_TOKEN="wb_no_token")

    assert (first.returncode, again.returncode, stranger.returncode) == (3, 3, 1)
    answers = [json.loads(done.stdout) for done in (first, again)]  # noqa: TID251 (as above)
    assert answers[0]["submission"] == answers[1]["submission"]
    assert answers[0]["counts"] == {"stored": 1, "refused": 1}
    assert "401" in stranger.stderr
    assert "no_token" not in stranger.stderr


def test_the_record_is_sealed_verified_exported_and_any_change_to_an_export_is_found(
    life: Life, tmp_path: Path
) -> None:
    life.hand_in("recorded")
    exported = life.node.watchbell("journal", "export", "--org", life.lab, "--out", str(tmp_path / "own.ndjson"))
    whole = life.node.watchbell("journal", "verify", "--json")
    own = life.node.watchbell("journal", "verify", str(tmp_path / "own.ndjson"))
    lines = (tmp_path / "own.ndjson").read_bytes().splitlines(keepends=True)
    (tmp_path / "cut.ndjson").write_bytes(b"".join([lines[0], *lines[2:]]))

    cut = life.node.watchbell("journal", "verify", str(tmp_path / "cut.ndjson"))

    assert exported.returncode == whole.returncode == own.returncode == 0, exported.stderr + whole.stdout + own.stdout
    assert json.loads(whole.stdout)["checked"] > 0  # noqa: TID251 (as above)
    assert cut.returncode == 1
    assert "NOT hold" in cut.stdout


def test_a_change_to_the_database_under_the_node_is_found(life: Life, tmp_path: Path) -> None:
    copy = backed_up(life.node, tmp_path / "copy")
    if life.node.database_url:
        pytest.skip("the copy of a PostgreSQL database is not a file one can change")
    home = tmp_path / "tampered"
    home.mkdir()
    shutil.copy(copy / "database.sqlite3", home / "watchbell.sqlite3")
    with sqlite3.connect(home / "watchbell.sqlite3") as database:
        (trigger,) = [
            row[0]
            for row in database.execute("SELECT name FROM sqlite_master WHERE name LIKE 'journal_entry_app%update'")
        ]
        database.execute(f"DROP TRIGGER {trigger}")
        database.execute("UPDATE journal_entry SET action = 'finding.rejected' WHERE action = 'organisation.created'")

    verdict = Node(home).watchbell("journal", "verify", "--json")

    assert verdict.returncode == 1
    assert json.loads(verdict.stdout)["first_bad"] is not None  # noqa: TID251 (as above)


def backed_up(node: Node, folder: Path, *words: str) -> Path:
    answer = node.answer("backup", "--out", str(folder), *words)
    assert answer["backup"] == str(folder)
    return folder


def test_a_backup_taken_while_people_write_is_whole_and_restores_into_an_empty_node(life: Life, tmp_path: Path) -> None:
    for number in range(5):
        assert life.hand_in(f"before-{number}")[0] == 200
    acknowledged = life.findings()
    stop, during = threading.Event(), list[int]()

    def keep_writing() -> None:
        while not stop.is_set():
            during.append(life.hand_in(f"during-{len(during)}")[0])

    writer = threading.Thread(target=keep_writing)
    writer.start()
    try:
        folder = backed_up(life.node, tmp_path / "backup", "--keys-out", str(tmp_path / "keys"))
    finally:
        stop.set()
        writer.join()

    assert set(during) == {200}
    assert not any("key" in path.name for path in folder.rglob("*"))
    with throwaway(tmp_path / "restored") as fresh:
        without = fresh.watchbell("restore", str(folder))
        restored = fresh.watchbell("restore", str(folder), "--keys", str(tmp_path / "keys"))
        over = fresh.watchbell("restore", str(folder), "--keys", str(tmp_path / "keys"))

        assert without.returncode == 2
        assert "--without-keys" in without.stderr
        assert restored.returncode == 0, restored.stderr
        assert over.returncode == 2
        assert "never overwrites" in over.stderr
        assert fresh.watchbell("journal", "verify").returncode == 0
        with served(fresh) as running:
            assert acknowledged <= names_of(running, life.token)


def test_a_folder_that_is_no_backup_is_refused_and_leaves_nothing(tmp_path: Path) -> None:
    (tmp_path / "some").mkdir()
    with throwaway(tmp_path / "empty") as node:
        done = node.watchbell("restore", str(tmp_path / "some"))

        assert done.returncode == 2
        assert list(node.home.iterdir()) == []


def test_a_database_of_another_version_is_not_served_and_the_sentence_says_what_to_do(life: Life) -> None:
    change(life.node, "INSERT INTO django_migrations (app, name, applied) VALUES ('findings', '9999_later', {now})")
    try:
        newer = [life.node.watchbell(verb) for verb in ("serve", "upgrade")]
    finally:
        change(life.node, "DELETE FROM django_migrations WHERE name = '9999_later'")
    change(life.node, "DELETE FROM django_migrations WHERE app = 'sessions'")
    try:
        older = life.node.watchbell("serve", "--port", "0")
    finally:
        change(
            life.node, "INSERT INTO django_migrations (app, name, applied) VALUES ('sessions', '0001_initial', {now})"
        )

    assert [done.returncode for done in newer] == [1, 1]
    assert all("newer" in done.stderr for done in newer)
    assert older.returncode == 1
    assert "watchbell upgrade" in older.stderr


def change(node: Node, statement: str) -> None:
    """Change the database behind the node's back."""
    statement = statement.format(now=f"'{datetime(2026, 11, 4, tzinfo=UTC):%Y-%m-%d %H:%M:%S}'")
    if node.database_url:
        import psycopg

        with psycopg.connect(node.database_url, autocommit=True) as server:
            server.execute(statement.encode())
        return
    with sqlite3.connect(node.database, timeout=20) as file:
        file.execute(statement)


def test_upgrade_backs_up_first_and_verifies(life: Life, tmp_path: Path) -> None:
    answer = life.node.answer("upgrade", "--out", str(tmp_path / "before"))

    assert answer["verified"] is True
    assert (tmp_path / "before" / "backup.json").exists()


def test_a_key_is_rotated_and_what_the_old_one_sealed_stays_readable(life: Life) -> None:
    life.hand_in("sealed-before")

    rotated = life.node.answer("admin", "rotate-key", "files")
    reset = life.node.answer("admin", "reset-mfa", ADMINISTRATOR)

    assert rotated["version"] >= 2
    assert reset == {"removed": 0}
    assert life.hand_in("sealed-after")[0] == 200
    assert life.hand_in("sealed-before")[0] == 200


def test_nothing_secret_is_in_the_servers_log(life: Life) -> None:
    life.hand_in("logged")
    log = (life.node.home.parent / f"{life.node.home.name}-serve.log").read_text(encoding="utf-8")

    assert '"path": "/api/v1/submissions"' in log
    assert life.token not in log
    assert "key=" not in log


def test_a_served_node_does_its_own_background_work_on_the_embedded_database_and_stops_when_told(
    tmp_path: Path,
) -> None:
    with throwaway(tmp_path / "home") as node:
        node.make()
        for how in (signal.SIGTERM, signal.SIGINT):
            with served(node) as running:
                assert running.ask("/healthz")[0] == 200
                assert running.ask("/readyz")[0] == 200
                if not node.database_url:
                    wait_for(lambda: node_heads(node) > 0)
                started = time.monotonic()

                code = running.stop(how)

                assert code == 0
                assert time.monotonic() - started < 10


def node_heads(node: Node) -> int:
    with sqlite3.connect(f"file:{node.database}?mode=ro", uri=True) as database:
        return int(database.execute("SELECT count(*) FROM journal_treehead").fetchone()[0])


def wait_for(happened: Any, *, seconds: float = 30) -> None:
    until = time.monotonic() + seconds
    while not happened():
        assert time.monotonic() < until, "it did not happen"
        time.sleep(0.1)


def test_only_a_trusted_proxy_is_believed_about_who_asks() -> None:
    from watchbell.cli.listening import behind_proxies

    seen: list[dict[str, Any]] = []

    def application(environ: dict[str, Any], start_response: Any) -> list[bytes]:
        seen.append(environ)
        return [b""]

    asked = {"HTTP_X_FORWARDED_FOR": "203.0.113.9", "HTTP_X_FORWARDED_PROTO": "https", "wsgi.url_scheme": "http"}
    answer = behind_proxies(application, ("192.0.2.1", "192.0.2.2"))
    for address in ("192.0.2.1", "192.0.2.2", "198.51.100.7"):
        environ = asked | {"REMOTE_ADDR": address, "SERVER_NAME": "x", "SERVER_PORT": "80"}
        list(answer(environ, lambda *_: None))

    assert [environ["REMOTE_ADDR"] for environ in seen] == ["203.0.113.9", "203.0.113.9", "198.51.100.7"]
    assert [environ["wsgi.url_scheme"] for environ in seen] == ["https", "https", "http"]
    assert "HTTP_X_FORWARDED_FOR" not in seen[2]
    assert "HTTP_X_FORWARDED_PROTO" not in seen[2]


def test_https_without_a_named_proxy_is_not_served(life: Life) -> None:
    done = life.node.watchbell("serve", "--port", "0", WATCHBELL_BASE_URL="https://bell.example.org")

    assert done.returncode == 2
    assert "WATCHBELL_TRUSTED_PROXIES" in done.stderr


def test_a_port_that_is_taken_is_said_plainly(life: Life) -> None:
    done = life.node.watchbell("serve", "--port", str(life.running.port))

    assert done.returncode == 1
    assert "--port" in done.stderr
