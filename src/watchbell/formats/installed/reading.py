"""Read whatever list of installed things somebody has: the one entrance to every reader in this folder.

Readers are imported when their list comes: a program that starts for one list pays for one.
"""

from codecs import BOM_UTF8
from collections.abc import Callable
from importlib import import_module

from watchbell.domain.refusal import refuse
from watchbell.formats.installed import recognising
from watchbell.formats.installed.text import text_of
from watchbell.formats.sbom import Collected, Sbom, SbomFormat

_HERE = "watchbell.formats.installed"
_OBJECTS = {
    SbomFormat.CYCLONEDX: ("watchbell.formats.cyclonedx", "read"),
    SbomFormat.SPDX: ("watchbell.formats.spdx", "read"),
    SbomFormat.NPM: (f"{_HERE}.npm", "read"),
    SbomFormat.COMPOSER: (f"{_HERE}.composer", "read"),
    SbomFormat.NUGET: (f"{_HERE}.nuget", "read"),
}
_TOML = {
    SbomFormat.CARGO: (f"{_HERE}.cargo", "read"),
    SbomFormat.POETRY: (f"{_HERE}.python_locks", "read_poetry"),
    SbomFormat.UV: (f"{_HERE}.python_locks", "read_uv"),
}
_TEXTS = {
    SbomFormat.SPDX: ("watchbell.formats.spdx", "loads_tag_value"),
    SbomFormat.REQUIREMENTS: (f"{_HERE}.requirements", "loads"),
    SbomFormat.GO_MOD: (f"{_HERE}.go", "loads_mod"),
    SbomFormat.GO_SUM: (f"{_HERE}.go", "loads_sum"),
    SbomFormat.GEMS: (f"{_HERE}.gems", "loads"),
    SbomFormat.CSV: (f"{_HERE}.table", "loads"),
}
_DATABASES = {
    SbomFormat.DPKG: f"{_HERE}.dpkg",
    SbomFormat.RPM: f"{_HERE}.rpm",
    SbomFormat.APK: f"{_HERE}.apk",
}


def loads(data: bytes, *, name: str = "", distro: str = "") -> Sbom:
    """Return what this list says is installed; its content decides which list it is, then its file name.

    `distro` is the release that a package database is of, such as debian-12 (`distro.of_os_release` reads it from
    the file beside the database); other lists do not ask for it. Raises Refused with the place, never anything else.
    """
    if data[: recognising.HEAD].removeprefix(BOM_UTF8).lstrip().startswith(b"{"):
        return _json(data, name)
    text = text_of(data)
    start = text.lstrip()[:1]
    if not start:
        raise refuse("empty", "The list is empty.", place="line 1", todo="Load the list of what is installed")
    if start == "<":
        return _xml(data, text)
    kind = recognising.of_text(text, name) if not recognising.is_toml(text, name) else None
    if kind in _DATABASES:
        return _reader((_DATABASES[kind], "loads"))(data, distro=distro)
    if kind in _TEXTS:
        return _reader(_TEXTS[kind])(data)
    if recognising.is_toml(text, name):
        return _toml(data, name)
    raise recognising.unknown(text.strip().partition("\n")[0])


def _json(data: bytes, name: str) -> Sbom:
    from watchbell.formats import fields, strictjson

    document = fields.root(strictjson.loads(data, max_depth=recognising.MAX_DEPTH))
    return _reader(_OBJECTS[recognising.of_object(document, name)])(document)


def _xml(data: bytes, text: str) -> Sbom:
    if "<project" in text[: recognising.HEAD] and "maven.apache.org/POM" in text[: recognising.HEAD]:
        raise refuse(
            "not-an-sbom",
            "A pom.xml says what is asked for, not what is installed.",
            place="line 1",
            todo="Let the build write a CycloneDX bill of materials and load that",
        )
    from watchbell.formats import cyclonedx

    return cyclonedx.loads(data)


def _toml(data: bytes, name: str) -> Sbom:
    from watchbell.formats.installed import toml

    found = Collected()
    document = toml.loads(data, found)
    return _reader(_TOML[recognising.of_toml(document, name)])(document, found)


def _reader(where: tuple[str, str]) -> Callable[..., Sbom]:
    module, function = where
    reader: Callable[..., Sbom] = getattr(import_module(module), function)
    return reader
