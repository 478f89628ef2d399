"""`key new`: a signing key that a party makes and holds itself; the node never sees its secret half."""

import os
from pathlib import Path

import click


@click.group("key")
def key_verb() -> None:
    """Make and show signing keys you hold yourself."""


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
    try:
        handle = os.open(file, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    except FileExistsError:
        raise click.UsageError(f"{file} exists; a key is never overwritten.") from None
    with os.fdopen(handle, "wb") as output:
        output.write(private)
        output.flush()
        os.fsync(output.fileno())
    Path(file + ".pub").write_bytes(public)
    click.echo(f"Keep {file} to yourself; give {file}.pub to those who check your signatures.")
