"""`key new`: a signing key that a party makes and holds itself; the node never sees its secret half."""

import os
from pathlib import Path

import click


@click.group("key")
def key_verb() -> None:
    """Make signing keys you hold yourself."""


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


def _write(path: Path, content: bytes, *, mode: int) -> None:
    try:
        handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, mode)
    except FileExistsError:
        raise click.UsageError(f"{path} exists; a key is never overwritten. Name a new file.") from None
    except OSError as error:
        raise click.ClickException(f"{path} was not written ({error.strerror}). Choose another place.") from error
    with os.fdopen(handle, "wb") as output:
        output.write(content)
        output.flush()
        os.fsync(output.fileno())
