"""Which names of files do we use that came from elsewhere? Only such as stay in their folder on any system."""

from typing import Final

from watchbell.outside.sandbox.interface import NotTaken

_LONGEST: Final = 1024
_LONGEST_PART: Final = 200
_DEEPEST: Final = 16


def checked(name: str) -> str:
    """Return the name if it is relative and stays where it is put. Raises NotTaken, with the name made inert."""
    if why := _fault(name):
        raise NotTaken(f"The name {name[:100]!a} is not taken: {why}.")
    return name


def _fault(name: str) -> str:
    parts = name.split("/")
    if not name or any(part in ("", ".", "..") for part in parts):
        return "it is empty, absolute, or leads out of its folder"
    if "\\" in name or (len(name) > 1 and name[1] == ":"):
        return "some systems read it as a path of another kind"
    if not name.isprintable():
        return "it holds characters that cannot be seen"
    if len(name) > _LONGEST or len(parts) > _DEEPEST or any(len(part.encode()) > _LONGEST_PART for part in parts):
        return "it is too long"
    return ""
