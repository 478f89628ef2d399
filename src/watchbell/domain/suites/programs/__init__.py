"""Programs that run in the sandbox: shipped as text, never imported by us; each needs only the standard library."""

from importlib.resources import files


def source(name: str) -> bytes:
    """Return the text of one of these programs."""
    return files(__name__).joinpath(f"{name}.py").read_bytes()
