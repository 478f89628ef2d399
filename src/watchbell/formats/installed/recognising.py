"""Which kind of list is this? Its content decides; its name only where the content could be several."""

import re
from collections.abc import Callable

from watchbell.domain.refusal import Refused, refuse
from watchbell.domain.sentence import Sentence
from watchbell.formats import sniff
from watchbell.formats.fields import Json
from watchbell.formats.sbom import SbomFormat

MAX_DEPTH = 200
"""Levels of JSON: npm's first lock file nests two for each level of packages."""

HEAD = 65_536
"""Bytes of a text list that are looked at."""

KNOWN = (
    "CycloneDX 1.2 to 1.7, SPDX 2.2, 2.3 or 3.0, requirements.txt, package-lock.json, poetry.lock, uv.lock, "
    "Cargo.lock, go.mod, go.sum, Gemfile.lock, composer.lock, packages.lock.json, dpkg status, apk installed, "
    "a list by rpm, or CSV"
)

_NAMES = {
    **{one.value.lower(): one for one in SbomFormat if "." in one.value},
    "npm-shrinkwrap.json": SbomFormat.NPM,
    "gems.locked": SbomFormat.GEMS,
    "status": SbomFormat.DPKG,
    "installed": SbomFormat.APK,
}
_REQUIREMENTS_NAME = re.compile(r"(?:.*[-_.])?(?:requirements|constraints)(?:[-_.].*)?\.(?:txt|in)")
_SIGNS: tuple[tuple[SbomFormat, re.Pattern[str]], ...] = (
    (SbomFormat.SPDX, re.compile(r"^SPDXVersion:", re.MULTILINE)),
    (SbomFormat.DPKG, re.compile(r"\A\s*(?:Package: \S+\n(?:.*\n){0,60}?(?:Version|Status|Architecture): )")),
    (SbomFormat.APK, re.compile(r"\A\s*(?:[A-Za-z]:.*\n){0,5}?P:\S+\nV:")),
    (SbomFormat.GEMS, re.compile(r"^(?:GEM|GIT|PATH|PLUGIN SOURCE)\n {2}(?:remote|revision|specs): ?", re.MULTILINE)),
    (SbomFormat.GO_SUM, re.compile(r"\A\s*\S+ v\S+ h1:\S")),
    (SbomFormat.GO_MOD, re.compile(r"^module[ \t(]", re.MULTILINE)),
    (SbomFormat.RPM, re.compile(r"\A[^\t\n]+(?:\t[^\t\n]*){6}$", re.MULTILINE)),
    (SbomFormat.REQUIREMENTS, re.compile(r"^[A-Za-z0-9][\w.\[\],-]* ?===?[ \w.]|^ {4}--hash=|^-r ", re.MULTILINE)),
)
_TOML = re.compile(r"^\[\[package\]\]|^\[metadata\]|^lock-version|^version = [0-9]+$", re.MULTILINE)
_TABLE = re.compile(
    r"(?i)(?:\A|[,;\t\"])(?:product|software|application|producto|purl|package_url|name|nombre|asset)(?=[,;\t\"\r\n])"
)


def of_name(name: str) -> SbomFormat | None:
    """Return the kind of list that goes by this file name, or None."""
    last = name.replace("\\", "/").rpartition("/")[2].lower()
    if _REQUIREMENTS_NAME.fullmatch(last):
        return SbomFormat.REQUIREMENTS
    if last.endswith((".csv", ".tsv")):
        return SbomFormat.CSV
    return _NAMES.get(last)


def of_text(text: str, name: str = "") -> SbomFormat | None:
    """Return the kind of a text list from its first HEAD characters, TOML excepted; then by its name."""
    head = text[:HEAD].replace("\r\n", "\n")
    for kind, sign in _SIGNS:
        if kind is SbomFormat.RPM and _TABLE.search(head.partition("\n")[0]):
            continue
        if sign.search(head):
            return kind
    named = of_name(name)
    if named is None and _TABLE.search(head.partition("\n")[0] + "\n"):
        return SbomFormat.CSV
    return named


def is_toml(text: str, name: str = "") -> bool:
    """Return whether a text list is a lock file in TOML."""
    by_name = of_name(name) in (SbomFormat.CARGO, SbomFormat.POETRY, SbomFormat.UV)
    return by_name or _TOML.search(text[:HEAD].replace("\r\n", "\n")) is not None


def of_toml(document: Json, name: str = "") -> SbomFormat:
    """Return which tool wrote a lock file in TOML. Raises Refused for what none wrote."""
    metadata = document.get("metadata")
    if isinstance(metadata, dict) and metadata.keys() & {"lock-version", "content-hash", "python-versions"}:
        return SbomFormat.POETRY
    listed = document.get("package")
    packages = [one for one in listed if isinstance(one, dict)] if isinstance(listed, list) else []
    if any("python-versions" in one for one in packages):
        return SbomFormat.POETRY
    if "requires-python" in document or any(isinstance(one.get("source"), dict) for one in packages):
        return SbomFormat.UV
    named = of_name(name)
    if named in (SbomFormat.POETRY, SbomFormat.UV):
        return named
    if not isinstance(listed, list) and named is not SbomFormat.CARGO:
        raise unknown(_keys(document))
    return SbomFormat.CARGO


_COMPOSER = frozenset({"content-hash", "packages-dev", "minimum-stability"})
_OBJECTS: tuple[tuple[SbomFormat, Callable[[Json], bool]], ...] = (
    (SbomFormat.NPM, lambda one: "lockfileVersion" in one),
    (SbomFormat.COMPOSER, lambda one: isinstance(one.get("packages"), list) and bool(one.keys() & _COMPOSER)),
    (SbomFormat.NUGET, lambda one: isinstance(one.get("version"), int) and isinstance(one.get("dependencies"), dict)),
)


def of_object(document: Json, name: str = "") -> SbomFormat:
    """Return the kind of a JSON document. Raises Refused for other kinds, saying what it is."""
    seen = sniff.what_is(document)
    if seen in ("cyclonedx", "spdx"):
        return SbomFormat.CYCLONEDX if seen == "cyclonedx" else SbomFormat.SPDX
    if seen is None:
        for kind, is_it in _OBJECTS:
            if is_it(document):
                return kind
        named = of_name(name)
        if named in (SbomFormat.NPM, SbomFormat.COMPOSER, SbomFormat.NUGET):
            return named
    raise unknown(seen or _keys(document), place="/")


def _keys(document: Json) -> str:
    return ", ".join(list(document)[:5])[:100] or "{}"


def unknown(seen: str, *, place: str = "line 1") -> Refused:
    """Return the refusal for a document that is no list of components, with what we saw of it."""
    return refuse(
        "not-an-sbom",
        Sentence("This is no list of components that can be read here; it looks like {seen}.", seen=repr(seen[:100])),
        place=place,
        expected=Sentence("One of: {kinds}", kinds=KNOWN),
        todo="Export it in one of these formats, or load a table as CSV",
    )
