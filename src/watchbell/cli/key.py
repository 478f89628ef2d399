"""`key`: signing keys that a party makes and holds itself, and what it signs with them; no node sees a secret half."""

import hashlib
import os
import stat
from pathlib import Path
from typing import TYPE_CHECKING

import click

from watchbell.cli import boot

if TYPE_CHECKING:
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey

    from watchbell.domain.terms import Point, Statement
    from watchbell.formats.dsse import Envelope

MOST_BYTES = 1 << 20
"""More than any statement or key has."""
OTHERS = stat.S_IRWXG | stat.S_IRWXO


@click.group("key")
def key_verb() -> None:
    """Make signing keys you hold yourself, and sign with them."""


@key_verb.command("new")
@click.argument("file", type=click.Path(dir_okay=False))
def new(file: str) -> None:
    """Write a new Ed25519 key to FILE (readable by you only) and its public half to FILE.pub."""
    from cryptography.hazmat.primitives import serialization
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

    secret = Ed25519PrivateKey.generate()
    private = secret.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    public = secret.public_key().public_bytes(
        serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo
    )
    if Path(file + ".pub").exists():
        raise click.UsageError(f"{file}.pub exists; a key is never overwritten. Name a new file.")
    _write(Path(file), private, mode=0o600)
    _write(Path(file + ".pub"), public, mode=0o644)
    click.echo(f"Keep {file} to yourself; give {file}.pub to those who check your signatures.")


@key_verb.command("show")
@click.argument("file", type=click.Path(exists=True, dir_okay=False))
@click.option("--json", "as_json", is_flag=True, help="Print the answer as JSON.")
def show(file: str, as_json: bool) -> None:
    """Print the fingerprint of the public key in FILE (the .pub), to compare with what others were given.

    It is the SHA-256 of the 32 bytes of the key, and stands as `keyid` in what is signed with it.
    """
    public = _public(Path(file))
    raw = public.public_bytes_raw()
    told = {"algorithm": "Ed25519", "keyid": key_id(public), "public_key": raw.hex()}
    boot.show(told, as_json=as_json, sentence=f"Fingerprint (keyid): {key_id(public)}\nPublic key: {raw.hex()}")


@key_verb.command("sign")
@click.argument("file", type=click.Path(exists=True, dir_okay=False))
@click.option("--key", "key_file", required=True, type=click.Path(exists=True, dir_okay=False), help="Your secret key.")
@click.option("--out", type=click.Path(dir_okay=False), help="File to write; FILE.dsse.json by default.")
@click.option("--json", "as_json", is_flag=True, help="Print the answer as JSON.")
def sign(file: str, key_file: str, out: str | None, as_json: bool) -> None:
    """Say in plain words what the statement in FILE means, and sign it.

    FILE is an offer, agreement, start, admission or containment, as the node gave it to you. Nothing is sent:
    what is written counts for nothing until you hand it in.
    """
    from watchbell.domain.evaluation import what_containment_says
    from watchbell.domain.evaluation.containment import FORM as CONTAINMENT
    from watchbell.domain.terms import what_is_signed
    from watchbell.formats import dsse

    target = Path(out or f"{file}.dsse.json")
    if target.exists():
        raise click.UsageError(f"{target} exists and is kept. Name a new file with --out.")
    statement, secret = _statement(Path(file)), _secret(Path(key_file))
    keyid = key_id(secret.public_key())
    kind = str(statement.content["statement"])
    points = what_containment_says(statement) if kind == CONTAINMENT else what_is_signed(statement)
    if not as_json:
        click.echo(_told(points))
    _write(target, dsse.dumps(_signed(statement, secret)), mode=0o644)
    answer = {
        "statement": kind,
        "digest": statement.digest,
        "keyid": keyid,
        "file": str(target),
        "says": [{"heading": one.heading, "text": one.text} for one in points],
    }
    sentence = f"Signed with the key {keyid}.\nHand in {target} if this is what you mean; otherwise delete it."
    boot.show(answer, as_json=as_json, sentence=sentence)


def key_id(public: "Ed25519PublicKey") -> str:
    """Return what a key is called: the SHA-256 of its 32 bytes, in hex."""
    return hashlib.sha256(public.public_bytes_raw()).hexdigest()


def _signed(statement: "Statement", secret: "Ed25519PrivateKey") -> "Envelope":
    from watchbell.domain.terms import PAYLOAD_TYPE
    from watchbell.formats.dsse import Envelope, Signature

    unsigned = Envelope(statement.payload, PAYLOAD_TYPE, ())
    signature = Signature(secret.sign(unsigned.message), key_id(secret.public_key()))
    return Envelope(unsigned.payload, unsigned.payload_type, (signature,))


def _told(points: "tuple[Point, ...]") -> str:
    """Return the points as they stand on a terminal, each under its heading."""
    return "\n".join(f"{one.heading}\n    {one.text}" for one in points) + "\n"


def _statement(path: Path) -> "Statement":
    from watchbell.domain.refusal import Refused
    from watchbell.formats import containment_statements, engagement_statements
    from watchbell.outside.reader import visible_controls

    try:
        payload = _read(path)[0]
        if containment_statements.MARK in payload:
            return containment_statements.loads(payload)
        return engagement_statements.loads(payload)
    except Refused as error:
        raise boot.CannotStart(f"{path} is nothing to sign here. {visible_controls(str(error))}") from None


def _secret(path: Path) -> "Ed25519PrivateKey":
    """Return the secret key, unless others on this machine can read it too."""
    from cryptography.exceptions import UnsupportedAlgorithm
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
    from cryptography.hazmat.primitives.serialization import load_pem_private_key

    content, mode = _read(path)
    if mode & OTHERS:
        raise boot.CannotStart(f"Others can read {path} (mode {stat.S_IMODE(mode):o}). Run: chmod 600 {path}")
    try:
        key = load_pem_private_key(content, None)
    except TypeError:
        raise boot.CannotStart(f"{path} asks for a password. Sign with a tool that can ask you for it.") from None
    except (ValueError, UnsupportedAlgorithm):
        key = None  # nothing of what the parser says is shown: it may quote the file
    if not isinstance(key, Ed25519PrivateKey):
        raise boot.CannotStart(f"{path} is no secret Ed25519 key in PEM. Make one with `watchbell key new`.")
    return key


def _public(path: Path) -> "Ed25519PublicKey":
    from cryptography.exceptions import UnsupportedAlgorithm
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
    from cryptography.hazmat.primitives.serialization import load_pem_public_key

    try:
        key = load_pem_public_key(_read(path)[0])
    except (ValueError, UnsupportedAlgorithm):
        key = None
    if not isinstance(key, Ed25519PublicKey):
        raise boot.CannotStart(f"{path} is no public Ed25519 key in PEM. Name the file that ends in .pub.")
    return key


def _read(path: Path) -> tuple[bytes, int]:
    """Return what is in a small file, and its mode."""
    try:
        with path.open("rb") as file:
            mode, content = os.fstat(file.fileno()).st_mode, file.read(MOST_BYTES + 1)
    except OSError as error:
        raise boot.CannotStart(f"{path} cannot be read ({error.strerror}). Check that you may.") from error
    if len(content) > MOST_BYTES:
        raise boot.CannotStart(f"{path} has more than {MOST_BYTES:,} bytes. Name a statement or a key.")
    return content, mode


def _write(path: Path, content: bytes, *, mode: int) -> None:
    try:
        handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, mode)
    except FileExistsError:
        raise click.UsageError(f"{path} exists, and nothing of yours is overwritten. Name a new file.") from None
    except OSError as error:
        raise click.ClickException(f"{path} was not written ({error.strerror}). Choose another place.") from error
    with os.fdopen(handle, "wb") as output:
        output.write(content)
        output.flush()
        os.fsync(output.fileno())
