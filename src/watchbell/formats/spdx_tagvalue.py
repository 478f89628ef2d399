"""Read SPDX 2.2 and 2.3 in tag-value: lines of "Tag: value", texts between <text> and </text> over several lines.

Only packages are read; files, snippets, licences, relationships and annotations are walked past.
Source: the SPDX 2.3 specification, clauses 4.4, 6 and 7.
"""

import re
from collections.abc import Iterator

from watchbell.domain.sentence import Sentence
from watchbell.formats.fields import Json
from watchbell.formats.installed.text import lines_of
from watchbell.formats.sbom import Collected

_TAG = re.compile(r"([A-Za-z][A-Za-z0-9]*):[ \t]*(.*)")
_ELSEWHERE = frozenset(
    {"FileName", "SnippetSPDXID", "LicenseID", "Annotator", "Reviewer", "Relationship", "ExternalDocumentRef"}
)
_TEXTS = {
    "SPDXID": "SPDXID", "PackageVersion": "versionInfo", "PackageDownloadLocation": "downloadLocation",
    "PackageSupplier": "supplier", "PackageOriginator": "originator",
    "PrimaryPackagePurpose": "primaryPackagePurpose",
}  # fmt: skip
"""The tags of a package and what SPDX's JSON calls them."""

_DOCUMENT = {"SPDXVersion": "spdxVersion", "DocumentNamespace": "documentNamespace"}
_REFERENCE = re.compile(r"(\S+)\s+(\S+)\s+(\S+)")


def as_json(data: bytes, found: Collected) -> Json:
    """Return the document in the shape of SPDX's JSON, each package with the line it starts at as its `place`."""
    document: Json = {"packages": []}
    package: Json | None = None
    for place, tag, value in _pairs(data, found):
        if tag == "PackageName":
            package = {"name": value, "externalRefs": [], "checksums": [], "place": place}
            document["packages"].append(package)
        elif tag in _ELSEWHERE:
            package = None
        elif tag in _DOCUMENT:
            document.setdefault(_DOCUMENT[tag], value)
        elif package is not None:
            _describe(package, tag, value)
    return document


def _describe(package: Json, tag: str, value: str) -> None:
    if tag in _TEXTS:
        package.setdefault(_TEXTS[tag], value)
    elif tag == "ExternalRef" and (read := _REFERENCE.fullmatch(value)):
        package["externalRefs"].append(
            {"referenceCategory": read[1], "referenceType": read[2], "referenceLocator": read[3]}
        )
    elif tag == "PackageChecksum":
        algorithm, _, digest = value.partition(":")
        package["checksums"].append({"algorithm": algorithm.strip(), "checksumValue": digest.strip()})


def _pairs(data: bytes, found: Collected) -> Iterator[tuple[str, str, str]]:
    """Yield (place, tag, value); comments and empty lines are left out, what is no tag is noted."""
    opened, tag, parts = "", "", list[str]()
    for number, line in lines_of(data, found):
        if opened:
            parts.append(line)
            if "</text>" in line:
                yield opened, tag, "\n".join(parts).partition("</text>")[0].strip()
                opened = ""
            continue
        if not line.strip() or line.lstrip().startswith("#"):
            continue
        read = _TAG.fullmatch(line.strip())
        if not read:
            found.note("bad-line", Sentence("The line is not a field and its value."), f"line {number}")
            continue
        tag, value = read[1], read[2].strip()
        if value.startswith("<text>") and "</text>" not in value:
            opened, parts = f"line {number}", [value.removeprefix("<text>")]
        else:
            yield f"line {number}", tag, value.removeprefix("<text>").removesuffix("</text>").strip()
    if opened:
        found.note("cut-off", Sentence("A text is opened and never closed; the list may be cut off."), opened)


def is_tag_value(head: bytes) -> bool:
    """Return whether the beginning of a document says SPDXVersion as tag-value does."""
    return re.search(rb"^SPDXVersion:", head, re.MULTILINE) is not None
