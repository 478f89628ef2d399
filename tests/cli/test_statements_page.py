"""The page on statements is true: what it tells a stranger to type signs and verifies, with nothing of ours."""

import hashlib
import re
import shlex
import subprocess
import sys
from pathlib import Path

import click
import pytest
from cryptography.hazmat.primitives.serialization import load_pem_public_key
from tests.cli.access_log import written
from tests.support import machine
from tests.support.terms import OFFER, TERMS

from watchbell.cli import main as command
from watchbell.cli import verify_access
from watchbell.cli.main import verbs
from watchbell.domain.terms import StatementKind
from watchbell.formats import dsse, engagement_statements
from watchbell.outside.keystore.interface import verify_signature

PAGE = (machine.ROOT / "docs" / "standards" / "engagement-statements.md").read_text(encoding="utf-8")
HOLDS = "Signature Verified Successfully"


def examples(language: str) -> list[str]:
    return re.findall(rf"^```{language}\n(.*?)^```", PAGE, re.DOTALL | re.MULTILINE)


SIGNING, VERIFYING = examples("bash")
(TAKING_OUT,) = examples("python")


@pytest.fixture
def openssl() -> None:
    reason = machine.why_missing("openssl")
    assert not reason or "openssl" not in machine.required(), reason
    if reason:
        pytest.skip(reason)


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "offer.json").write_bytes(OFFER.payload)
    return tmp_path


def shell(text: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(["bash", "-euc", text], capture_output=True, text=True, check=False, timeout=60)


def verified(envelope: str, key: str) -> subprocess.CompletedProcess[str]:
    """Do what the page says with an envelope and a public key."""
    subprocess.run([sys.executable, "-Wignore", "-c", TAKING_OUT, envelope], check=True, timeout=60)
    Path("signer.pub").write_bytes(Path(key).read_bytes())
    return shell(VERIFYING)


@pytest.mark.usefixtures("openssl")
def test_what_we_sign_is_verified_with_openssl_as_the_page_says() -> None:
    command.verbs.main(["key", "new", "lab-key"], standalone_mode=False)
    command.verbs.main(["key", "sign", "offer.json", "--key", "lab-key"], standalone_mode=False)

    said = verified("offer.json.dsse.json", "lab-key.pub").stdout.split()

    signature = dsse.loads(Path("offer.json.dsse.json").read_bytes()).signatures[0]
    assert " ".join(said[:3]) == HOLDS
    assert said[3] == OFFER.digest
    assert said[5] == signature.key_id


@pytest.mark.usefixtures("openssl")
def test_what_openssl_signed_as_the_page_says_is_an_offer_to_us() -> None:
    done = shell(SIGNING)

    raw = load_pem_public_key(Path("own-key.pub").read_bytes()).public_bytes_raw()
    statement, _ = engagement_statements.signed(
        dsse.loads(Path("offer.dsse.json").read_bytes()),
        trusted=[hashlib.sha256(raw).hexdigest()],
        check=lambda _key, message, value: verify_signature(raw, value, message),
    )
    assert done.returncode == 0, done.stderr
    assert statement == OFFER
    assert HOLDS in verified("offer.dsse.json", "own-key.pub").stdout


@pytest.mark.usefixtures("openssl")
def test_a_statement_with_one_number_changed_is_not_verified_by_openssl() -> None:
    shell(SIGNING)
    envelope = dsse.loads(Path("offer.dsse.json").read_bytes())
    changed = dsse.Envelope(
        envelope.payload.replace(b'"hours":720', b'"hours":72'), envelope.payload_type, envelope.signatures
    )
    Path("changed.json").write_bytes(dsse.dumps(changed))

    done = verified("changed.json", "own-key.pub")

    assert done.returncode != 0
    assert HOLDS not in done.stdout


def test_the_verifier_of_access_logs_runs_as_one_file_somewhere_else(folder: Path) -> None:
    (folder / "alone").mkdir()
    (folder / "alone" / "verify_access.py").write_bytes(Path(verify_access.__file__).read_bytes())
    (folder / "access-log.ndjson").write_bytes(b"".join(written()))

    done = subprocess.run(
        [sys.executable, "-I", "alone/verify_access.py", "access-log.ndjson"],
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
    )

    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout.startswith("The access log holds: all 3 entries of 2 chains")


@pytest.mark.parametrize("line", [line for one in examples("sh") for line in one.splitlines()])
def test_a_command_on_the_page_exists_with_its_options(line: str) -> None:
    program, *words = shlex.split(line)
    found: click.Command | None = verbs
    while isinstance(found, click.Group):
        found = found.get_command(click.Context(verbs), words.pop(0))

    assert program == "./watchbell"
    assert found is not None
    assert {word for word in words if word.startswith("--")} <= {name for one in found.params for name in one.opts}


def test_the_page_names_every_statement_and_every_field_of_the_terms() -> None:
    named = set(re.findall(r"`([^`\s]+)`", PAGE))
    terms = TERMS.as_mapping()
    inner = {name for value in terms.values() if isinstance(value, dict) for name in value}

    assert named >= {kind.value for kind in StatementKind} | terms.keys() | inner | OFFER.content.keys()
