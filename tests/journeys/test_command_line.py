"""Does every verb say what went wrong and what to do, end with the code it promises, and keep its hands still?"""

import logging
import os
import stat
from collections.abc import Iterator
from pathlib import Path

import pytest

from watchbell.cli import log
from watchbell.cli import main as command
from watchbell.outside import programs


@pytest.fixture(autouse=True)
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    for name in [name for name in os.environ if name.startswith("WATCHBELL_")]:
        monkeypatch.delenv(name)
    monkeypatch.setenv("WATCHBELL_HOME", str(tmp_path / "home"))
    monkeypatch.chdir(tmp_path)
    return tmp_path / "home"


def run(*words: str) -> int:
    try:
        command.main(words)
    except SystemExit as ended:
        return int(ended.code or 0)
    return 0


@pytest.mark.parametrize("verb", [*command.VERBS, *command.CHECKOUT_ONLY])
def test_every_verb_explains_itself_and_touches_nothing(
    verb: str, home: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    code = run(verb, "--help")

    assert code == 0
    assert "Usage: watchbell" in capsys.readouterr().out
    assert not home.exists()


def test_the_first_help_lists_every_verb(capsys: pytest.CaptureFixture[str]) -> None:
    run("--help")

    listed = capsys.readouterr().out
    assert all(f"  {verb} " in listed for verb in command.VERBS)


@pytest.mark.parametrize(
    "words",
    [
        ["conquer"],
        ["serve", "--port", "x"],
        ["serve", "--port", "70000"],
        ["backup"],
        ["admin", "org", "Name"],
        ["admin", "org", "Name", "--kind", "king"],
        ["admin", "org", "Name", "--kind", "lab", "--zone", "Mars/Phobos"],
        ["admin", "token", "a@example.org", "--org", "x", "--scope", "all"],
        ["journal", "verify", "no-such-file"],
        ["restore", "no-such-folder"],
        ["submit", "no-such-file", "--to", "https://bell.example.org"],
        ["test"],
    ],
    ids=" ".join,
)
def test_bad_usage_ends_with_two_and_writes_nothing(
    words: list[str], home: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    code = run(*words)

    said = capsys.readouterr()
    assert code == 2
    assert said.out == ""
    assert "Error: " in said.err
    assert not home.exists()


@pytest.mark.parametrize(
    "words",
    [
        ["serve"],
        ["worker"],
        ["upgrade"],
        ["doctor"],
        ["backup", "--out", "copy"],
        ["admin", "person", "a@example.org"],
        ["admin", "rotate-key", "files"],
        ["journal", "verify"],
        ["journal", "export", "--org", "x", "--out", "file"],
    ],
    ids=" ".join,
)
def test_without_a_node_a_verb_says_so_and_makes_none(
    words: list[str], home: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    code = run(*words)

    said = capsys.readouterr().err
    assert code == 2
    assert "There is no node" in said
    assert "WATCHBELL_HOME" in said
    assert not home.exists()


def test_an_unknown_setting_is_refused_with_the_nearest_known_one(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("WATCHBELL_DATABASE_ULR", "postgresql://x")

    code = run("init")

    assert code == 2
    assert "WATCHBELL_DATABASE_URL" in capsys.readouterr().err


def test_postgresql_with_a_folder_of_keys_is_refused_until_it_is_said_to_be_shared(
    monkeypatch: pytest.MonkeyPatch, home: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("WATCHBELL_DATABASE_URL", "postgresql://nobody@127.0.0.1:1/none")

    code = run("init")

    assert code == 2
    assert "WATCHBELL_KEYS_SHARED=yes" in capsys.readouterr().err
    assert not home.exists()


def test_a_home_that_cannot_be_made_is_named(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "file").touch()
    monkeypatch.setenv("WATCHBELL_HOME", str(tmp_path / "file" / "home"))

    code = run("init")

    assert code == 1
    assert str(tmp_path / "file") in capsys.readouterr().err


def test_anything_unexpected_ends_with_seventy_in_two_sentences(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def break_down(**_: object) -> None:
        raise RuntimeError("the roof is gone\nrow: secret")

    monkeypatch.setattr(command.verbs, "main", break_down)

    code = run("doctor")

    said = capsys.readouterr().err
    assert code == 70
    assert len(said.splitlines()) == 2
    assert "the roof is gone" in said
    assert "secret" not in said


def test_findings_are_not_sent_without_a_token(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "findings.ndjson").write_text("{}\n", encoding="utf-8")

    code = run("submit", "findings.ndjson", "--to", "https://bell.example.org")

    assert code == 2
    assert "WATCHBELL_TOKEN" in capsys.readouterr().err


def test_a_new_key_is_for_its_owner_alone_and_replaces_nothing(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    first = run("key", "new", "signing")
    secret = (tmp_path / "signing").read_bytes()
    again = run("key", "new", "signing")
    nowhere = run("key", "new", "no/such/folder/signing")

    said = capsys.readouterr()
    assert (first, again, nowhere) == (0, 2, 1)
    assert stat.S_IMODE((tmp_path / "signing").stat().st_mode) == 0o600
    assert (tmp_path / "signing").read_bytes() == secret
    assert b"PRIVATE KEY" in secret
    assert b"PUBLIC KEY" in (tmp_path / "signing.pub").read_bytes()
    assert secret.split(b"\n")[1].decode() not in said.out + said.err


def test_a_password_in_the_databases_address_does_not_become_an_argument() -> None:
    place, secret = programs.without_password("postgresql://bell:p%40ss@db.example.org:5432/bell?sslmode=require")

    assert place == "postgresql://bell@db.example.org:5432/bell?sslmode=require"
    assert secret == {"PGPASSWORD": "p@ss"}


def test_a_log_line_is_one_bounded_line_whatever_is_in_it() -> None:
    formatter = log.OneLine()
    for text in ["a\nb\r\x1b[2J", "{" + "x" * 9000, "\u2028" * 5000, '{"ok": 1}\n{"forged": 2}']:
        line = formatter.format(logging.LogRecord("x", logging.ERROR, "", 0, "%s", (text,), None))

        assert line.isprintable()
        assert len(line) < 7 * log.LONGEST


def test_a_log_line_about_an_error_tells_where_and_leaves_out_the_row() -> None:
    try:
        raise ValueError("duplicate key\nDETAIL: Key (email)=(someone@example.org)")
    except ValueError as error:
        record = logging.LogRecord("x", logging.ERROR, "", 0, "failed", (), (ValueError, error, error.__traceback__))

    line = log.OneLine().format(record)

    assert "duplicate key" in line
    assert "test_command_line.py" in line
    assert "someone@example.org" not in line


def test_a_flood_of_log_lines_is_cut_and_says_by_how_much() -> None:
    second = 1.0
    gate = log.AtMost(3, clock=lambda: second)

    def record() -> logging.LogRecord:
        return logging.LogRecord("x", logging.ERROR, "", 0, "hello", (), None)

    passed = sum(gate.filter(record()) for _ in range(10))
    second = 2.0
    after = record()

    assert passed == 3
    assert gate.filter(after)
    assert "7 lines before this one were left out" in after.getMessage()
