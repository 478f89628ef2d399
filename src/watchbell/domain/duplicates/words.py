"""Which words of a report tell one flaw from another? Its identifiers and rare words; ids and templates are dropped.

Stop words, endings and boilerplate are data (`data/words.json`).
"""

import json
import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache
from os import path
from typing import Any, Final

from watchbell.domain.duplicates import weaknesses
from watchbell.domain.duplicates.report import Report

LONGEST: Final = 20_000
"""Characters of a text that are read; what a flaw is stands before that."""
CHANGE, FILE, CODE = "change ", "file ", "code "
"""What is put before a commit or pull request, a file and an identifier, so that none is taken for a plain word."""


def _read() -> dict[str, Any]:
    with open(path.join(path.dirname(__file__), "data", "words.json"), encoding="utf-8") as file:
        lists: dict[str, Any] = json.load(file)
    return lists


_LISTS: Final = _read()
_STOP: Final = frozenset(_LISTS["stop"])
_ENDINGS: Final = tuple(_LISTS["endings"])
_BOILERPLATE: Final = re.compile("|".join(_LISTS["boilerplate"]), re.DOTALL)
_FILE: Final = re.compile(rf"([\w$-]+\.(?:{'|'.join(_LISTS['files'])}))$", re.IGNORECASE)
_IDS: Final = re.compile(
    r"\b(?:(?:CVE|CAN)-[0-9]{4}-[0-9]{3,}|GHSA(?:-[0-9a-z]{4}){3}"
    r"|(?:PYSEC|RUSTSEC|GO|GHSL|OSV|VU|ZDI(?:-CAN)?|TALOS|SNYK|OSVDB)[-#][0-9]+(?:-[0-9]+)*)",
    re.IGNORECASE,
)
_ADDRESS: Final = re.compile(r"\bhttps?://[^\s)>\]\"'`]+")
_COMMIT: Final = re.compile(r"/(?:commits?|c|rev)/([0-9a-f]{10})[0-9a-f]{0,30}")
_PULL: Final = re.compile(r"/([\w.-]+)/(?:pull|issues|merge_requests)/([0-9]+)")
_HASH: Final = re.compile(r"\b(?=[0-9a-f]*[a-f])(?=[0-9a-f]*[0-9])([0-9a-f]{10})[0-9a-f]{0,30}\b")
_SENTENCE: Final = re.compile(r"(?<=[.!?:])\s+|\n\s*\n|\r|\n[-*#]")
_TOKEN: Final = re.compile(r"[A-Za-z0-9_$]+(?:(?:::|->|[.:/\\-])[A-Za-z0-9_$]+)*")
_VERSION: Final = re.compile(r"[vV]?([0-9]+(?:\.[0-9]+)+)")
_VERSION_WORD: Final = re.compile(r"[vV]?[0-9]+(?:\.[0-9x]+)+(?:[.-]?[A-Za-z]+[.-]?[0-9]*)*")
_NO_VERSION: Final = re.compile(r"[-.][0-9]{14}-|^0+(?:\.0+)*$")
_CODE: Final = re.compile(r"_|::|->|[a-z][A-Z]|[A-Za-z]\.[A-Za-z]|[A-Za-z]/|\\")
_STEPS: Final = re.compile(r"::|->|[./]")
_PART: Final = re.compile(r"[A-Z]?[a-z]+|[A-Z]+(?![a-z])|[0-9]+")
_MODULE: Final = re.compile(r"\s+in (?:[a-z0-9.-]+\.[a-z]{2,}/\S+|std|cmd/\S+|the standard library)\.?$")
_NAME_ENDS: Final = re.compile(r"/v[0-9]+$|\.git$|[-_.]?(?:cpu|gpu)$")
_DIGITS: Final = re.compile(r"[0-9]+")


@dataclass(frozen=True, slots=True)
class Prepared:
    """A report as it is compared: each word of its text, places and title once, those of the title again.

    `names` are what its packages go by, `name_words` their words; `versions` are numbers with
    dots; `kinds` are bits of `weaknesses.KINDS`.
    """

    words: tuple[str, ...]
    title: frozenset[str]
    names: frozenset[str]
    name_words: frozenset[str]
    versions: frozenset[str]
    kinds: int


def prepared(report: Report, templates: frozenset[str] = frozenset()) -> Prepared:
    """Return the report's words without ids and without sentences whose `sentence_key` is among the templates."""
    title = bare_title(report)
    text = " ".join([title, *(one for one in sentences(report) if sentence_key(one) not in templates)])
    versions = {found for one in report.versions if (found := plain_version(one))}
    words = dict.fromkeys(_words(text, versions))
    words |= dict.fromkeys(word for place in report.places for word in _words(place, set()))
    names = frozenset(name for one in report.packages if (name := package_name(one)))
    return Prepared(
        words=tuple(words),
        title=frozenset(_words(title, set())),
        names=names,
        name_words=frozenset(word for name in names for part in _PART.findall(name) for word in _plain(part)),
        versions=frozenset(versions),
        kinds=weaknesses.called(text) | weaknesses.of_cwes(report.cwes),
    )


def bare_title(report: Report) -> str:
    """Return a report's title without ids and without the module that the Go database ends it with."""
    return _MODULE.sub("", _IDS.sub(" ", report.title.strip()))


def sentences(report: Report) -> Iterator[str]:
    """Yield the sentences of a report's text, each once, without ids."""
    seen = set()
    for sentence in _SENTENCE.split(_BOILERPLATE.sub("", _IDS.sub(" ", report.text[:LONGEST]))):
        sentence = _MODULE.sub("", sentence.strip())
        if sentence and sentence not in seen:
            seen.add(sentence)
            yield sentence


def sentence_key(sentence: str) -> str:
    """Return what two sentences of one template share: their letters, numbers aside."""
    return _DIGITS.sub("0", " ".join(sentence.lower().split()))


def plain_version(text: str) -> str:
    """Return "1.2.3" for "v1.2.3-rc1"; "" for what is none, for zeros alone and for Go's versions made of a date."""
    found = _VERSION.match(text)
    return "" if found is None or _NO_VERSION.search(text) else found[1]


@lru_cache(maxsize=65536)
def package_name(package: str) -> str:
    """Return what a package goes by: the last part of its name, in small letters, other signs as spaces; or ""."""
    package = package.lower().strip()
    if package in ("n/a", "unknown", "unspecified"):
        return ""
    if package.startswith("pkg:"):
        package = package.split("?")[0].split("#")[0].partition("@")[0]
    last = _NAME_ENDS.sub("", package).rstrip("/").rpartition("/")[2]
    return " ".join(re.findall(r"[a-z0-9]+", last))


def _words(text: str, versions: set[str]) -> Iterator[str]:
    """Yield the words of a text; version numbers go into `versions` instead."""
    for address in _ADDRESS.findall(text):
        yield from (CHANGE + found for found in _COMMIT.findall(address))
        yield from (f"{CHANGE}{name.lower()}#{number}" for name, number in _PULL.findall(address))
    text = _ADDRESS.sub(" ", text)
    yield from (CHANGE + found for found in _HASH.findall(text))
    for token in _TOKEN.findall(text):
        if token.isalpha() and (token.islower() or token.istitle()):
            yield from _plain(token)
        elif _VERSION_WORD.fullmatch(token):
            versions.update(filter(None, [plain_version(token)]))
        else:
            yield from _compound(token)


@lru_cache(maxsize=65536)
def _compound(token: str) -> tuple[str, ...]:
    """Return a file's or identifier's own name and the words it is made of."""
    found = []
    if file := _FILE.search(token):
        found.append(FILE + file[1].lower())
    elif _CODE.search(token) and len(token) > 3:
        found.append(CODE + _STEPS.split(token)[-1].lower())
    found += [word for part in _PART.findall(token) if not part.isdigit() for word in _plain(part)]
    if token.isalnum() and not token.isdigit():
        found += _plain(token)
    return tuple(found)


@lru_cache(maxsize=65536)
def _plain(word: str) -> tuple[str, ...]:
    word = word.lower()
    return (_stem(word),) if len(word) > 1 and word not in _STOP else ()


def _stem(word: str) -> str:
    """Return a word without its commonest English ending, so that "crashes" and "crashing" meet."""
    for end in _ENDINGS:
        if word.endswith(end) and len(word) - len(end) >= 4:
            return word[: -len(end)]
    return word
