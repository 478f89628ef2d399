"""A party signs with its own key, having read in plain words what it signs; nothing leaks or is overwritten."""

import hashlib
import os
import stat
from pathlib import Path

import pytest
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec, ed25519
from tests.support.terms import ADMISSION, AGREEMENT, OFFER, START, STATEMENTS

from watchbell.cli import main as command
from watchbell.domain.terms import Statement
from watchbell.formats import dsse, engagement_statements, strictjson
from watchbell.outside.keystore.interface import verify_signature

TAIL = b"-----END PRIVATE KEY-----\n"


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    for name in [name for name in os.environ if name.startswith("WATCHBELL_")]:
        monkeypatch.delenv(name)
    monkeypatch.chdir(tmp_path)
    (tmp_path / "offer.json").write_bytes(OFFER.payload)
    return tmp_path


def run(*words: str) -> int:
    try:
        command.main(words)
    except SystemExit as ended:
        return int(ended.code or 0)
    return 0


@pytest.fixture
def made(capsys: pytest.CaptureFixture[str]) -> str:
    """Make the key `lab` and return its id as `key show` tells it."""
    run("key", "new", "lab")
    capsys.readouterr()
    run("key", "show", "lab.pub", "--json")
    return str(strictjson.loads(capsys.readouterr().out)["keyid"])


def public_key(path: Path) -> bytes:
    key = serialization.load_pem_public_key(path.read_bytes())
    assert isinstance(key, ed25519.Ed25519PublicKey)
    return key.public_bytes_raw()


@pytest.mark.parametrize("statement", STATEMENTS, ids=lambda one: str(one.kind))
def test_what_is_signed_can_be_proven_with_the_public_half_alone(statement: Statement, made: str, folder: Path) -> None:
    (folder / "statement.json").write_bytes(statement.payload)

    code = run("key", "sign", "statement.json", "--key", "lab")

    envelope = dsse.loads((folder / "statement.json.dsse.json").read_bytes())
    known = {made: public_key(folder / "lab.pub")}
    signed, keys = engagement_statements.signed(
        envelope, trusted=known, check=lambda key, message, value: verify_signature(known[key], value, message)
    )
    assert code == 0
    assert (signed, keys) == (statement, {made})
    assert [one.key_id for one in envelope.signatures] == [made]


def test_an_offer_is_read_in_plain_words_before_it_is_signed(made: str, capsys: pytest.CaptureFixture[str]) -> None:
    code = run("key", "sign", "offer.json", "--key", "lab", "--out", "signed.json")

    said = capsys.readouterr().out
    assert code == 0
    assert said.startswith("An offer\n    You offer version 1 of the terms of engagement eeee")
    assert "How long\n    30 days at most, counted from your start." in said
    assert said.index("Who may use it") < said.index(f"Signed with the key {made}")
    assert "Hand in signed.json if this is what you mean; otherwise delete it." in said


@pytest.mark.parametrize(
    ("statement", "words"),
    [
        (AGREEMENT, f"You agree to the offer with SHA-256 {OFFER.digest}"),
        (START, "You open the window of engagement eeee"),
        (ADMISSION, "You let one more person into engagement eeee"),
    ],
)
def test_each_other_statement_is_said_in_a_sentence(
    statement: Statement, words: str, made: str, folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (folder / "statement.json").write_bytes(statement.payload)

    run("key", "sign", "statement.json", "--key", "lab")

    assert words in capsys.readouterr().out


def test_a_program_reads_what_was_signed(made: str, capsys: pytest.CaptureFixture[str]) -> None:
    run("key", "sign", "offer.json", "--key", "lab", "--json")

    answer = strictjson.loads(capsys.readouterr().out)
    assert (answer["statement"], answer["digest"], answer["keyid"], answer["file"]) == (
        "watchbell-offer-1",
        OFFER.digest,
        made,
        "offer.json.dsse.json",
    )
    assert answer["says"][1]["heading"] == "Who may use it"


NOT_SIGNED = {
    "a line's end behind it": OFFER.payload + b"\n",
    "a space in it": OFFER.payload.replace(b":", b": ", 1),
    "thirty-one days": OFFER.payload.replace(b'"hours":720', b'"hours":744'),
    "something else": b'{"statement":"watchbell-gift-1"}',
    "a key twice": b'{"statement":"watchbell-start-1","statement":"watchbell-start-1"}',
    "no JSON": b"yes",
    "nothing": b"",
    "too much": b" " * ((1 << 20) + 1),
}


@pytest.mark.parametrize("content", NOT_SIGNED.values(), ids=NOT_SIGNED)
def test_what_is_no_statement_in_its_own_bytes_is_not_signed(
    content: bytes, made: str, folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (folder / "offer.json").write_bytes(content)

    code = run("key", "sign", "offer.json", "--key", "lab")

    said = capsys.readouterr()
    assert code == 2
    assert said.out == ""
    assert said.err.startswith("Error: offer.json ")
    assert not (folder / "offer.json.dsse.json").exists()


@pytest.mark.parametrize("mode", [0o640, 0o604, 0o660, 0o610])
def test_a_secret_that_others_can_read_is_not_used(
    mode: int, made: str, folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (folder / "lab").chmod(mode)

    code = run("key", "sign", "offer.json", "--key", "lab")

    assert code == 2
    assert "chmod 600 lab" in capsys.readouterr().err
    assert not (folder / "offer.json.dsse.json").exists()


def another_kind() -> bytes:
    return ec.generate_private_key(ec.SECP256R1()).private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )


def with_password() -> bytes:
    return ed25519.Ed25519PrivateKey.generate().private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.BestAvailableEncryption(b"word")
    )


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (b"", "no secret Ed25519 key"),
        (another_kind(), "no secret Ed25519 key"),
        (with_password(), "asks for a password"),
    ],
    ids=["nothing", "another kind", "with a password"],
)
def test_a_key_that_is_none_of_ours_is_refused_with_a_reason(
    content: bytes, words: str, folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (folder / "key").touch(mode=0o600)
    (folder / "key").write_bytes(content)

    code = run("key", "sign", "offer.json", "--key", "key")

    assert code == 2
    assert words in capsys.readouterr().err


def test_no_part_of_a_secret_is_ever_shown(made: str, folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    secret = (folder / "lab").read_bytes()
    body = secret.split(b"\n")[1].decode()
    (folder / "broken").touch(mode=0o600)
    (folder / "broken").write_bytes(secret.replace(TAIL, b""))

    for words in (
        ("key", "sign", "offer.json", "--key", "lab"),
        ("key", "sign", "offer.json", "--key", "broken"),
        ("key", "sign", "lab", "--key", "lab"),
        ("key", "show", "lab"),
        ("key", "show", "lab.pub"),
    ):
        run(*words)

    said = capsys.readouterr()
    written = b"".join(path.read_bytes() for path in folder.iterdir() if path.name not in ("lab", "broken"))
    assert body not in said.out + said.err
    assert body.encode() not in written
    assert stat.S_IMODE((folder / "lab").stat().st_mode) == 0o600


def test_nothing_that_is_there_is_overwritten(made: str, folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (folder / "signed.json").write_text("mine", encoding="ascii")

    code = run("key", "sign", "offer.json", "--key", "lab", "--out", "signed.json")
    nowhere = run("key", "sign", "offer.json", "--key", "lab", "--out", "no/such/folder/signed.json")

    assert (code, nowhere) == (2, 1)
    assert (folder / "signed.json").read_text(encoding="ascii") == "mine"
    assert "signed.json exists" in capsys.readouterr().err


def test_a_fingerprint_is_that_of_the_keys_thirty_two_bytes(made: str, capsys: pytest.CaptureFixture[str]) -> None:
    run("key", "show", "lab.pub")

    raw = public_key(Path("lab.pub"))
    assert made == hashlib.sha256(raw).hexdigest()
    assert capsys.readouterr().out == f"Fingerprint (keyid): {made}\nPublic key: {raw.hex()}\n"


def test_the_secret_half_is_not_shown_when_it_is_named_by_mistake(
    made: str, capsys: pytest.CaptureFixture[str]
) -> None:
    code = run("key", "show", "lab")

    said = capsys.readouterr()
    assert (code, said.out) == (2, "")
    assert "ends in .pub" in said.err
