"""Which records are asked about, which are known, and who is of which part? Fixed once, before anything was fitted.

A project is what the first package of a record goes by; projects whose records share a CVE are one, under their first
name. It is of the training part when the first byte of SHA-256("watchbell duplicates 1:" + project) is below 128. For
each record with a twin, two of the same part without one are asked about: the first by SHA-256 of their ids.

Records whose own aliases name a CVE of the background that `alias_pairs.csv` does not list are left out: they
are known to have a twin, so they are not free of one, and their pair was not given to us. Of a record its title, text,
packages, fixed versions and affected functions are shown; never its id, dates, aliases or references.
"""

import csv
import gzip
import hashlib
import io
import re
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import orjson
import zstandard

from watchbell.domain.duplicates.report import Report
from watchbell.domain.duplicates.words import package_name

SALT = "watchbell duplicates 1:"
WITHOUT = 2
_PATCHED = re.compile(r"[0-9]+(?:\.\w+)+")
_CVE = re.compile(r"CVE-[0-9]{4}-[0-9]+")


@dataclass(frozen=True, slots=True)
class Query:
    """A record that is asked about, its project, and its twins in the background with how alike they are worded."""

    report: Report
    project: str
    twins: Mapping[str, str]

    @property
    def is_independent(self) -> bool:
        """Return whether a twin tells the flaw in words of its own."""
        return "independent" in self.twins.values()


@dataclass(frozen=True, slots=True)
class Corpus:
    """All CVE texts, and the records of both parts."""

    background: list[Report]
    training: list[Query]
    held_out: list[Query]


def read_corpus(folder: Path) -> Corpus:
    """Return the texts, pairs and OSV records under this folder."""
    records = dict(_osv(folder / "osv" / "osv.ndjson.zst"))
    texts = list(_texts(folder / "duplicates" / "texts.ndjson.gz"))
    background = [_report(one, {}) for one in texts if _is_cve(one["id"])]
    asked = {one["id"]: _report(one, records.get(one["id"], {})) for one in texts if not _is_cve(one["id"])}
    twins = _twins(folder / "duplicates" / "alias_pairs.csv")
    known = {one.name for one in background}
    free = {name for name in asked if name not in twins and not known & _said(name, records.get(name, {}))}
    project = _projects(asked, twins)
    parts: dict[bool, list[Query]] = {True: [], False: []}
    for training, part in parts.items():
        own = [name for name in asked if is_training(project[name]) is training]
        with_twin = [name for name in own if name in twins]
        rest = sorted((name for name in own if name in free), key=digest_of)
        part += [
            Query(asked[name], project[name], twins.get(name, {}))
            for name in with_twin + rest[: WITHOUT * len(with_twin)]
        ]
    return Corpus(background, parts[True], parts[False])


def is_training(project: str) -> bool:
    """Return whether this project's records are of the training part."""
    return digest_of(SALT + project)[0] < 128


def digest_of(text: str) -> bytes:
    """Return the SHA-256 of a text: chance that is the same everywhere."""
    return hashlib.sha256(text.encode()).digest()


def _is_cve(name: str) -> bool:
    return name.startswith("CVE-")


def _texts(path: Path) -> Iterator[dict[str, Any]]:
    with gzip.open(path) as lines:
        yield from map(orjson.loads, lines)


def _osv(path: Path) -> Iterator[tuple[str, dict[str, Any]]]:
    with path.open("rb") as opened:
        for line in io.BufferedReader(zstandard.ZstdDecompressor().stream_reader(opened), 1 << 20):
            record = orjson.loads(line)
            yield record["id"], record


def _twins(path: Path) -> dict[str, dict[str, str]]:
    """Return for each record the CVEs that are the same flaw, each with the class of the pair."""
    found: defaultdict[str, dict[str, str]] = defaultdict(dict)
    with path.open(newline="", encoding="utf-8") as lines:
        for row in csv.DictReader(lines):
            one, other = sorted((row["id_a"], row["id_b"]), key=_is_cve)
            if _is_cve(other) and not _is_cve(one):
                found[one][other] = row["class"]
    return dict(found)


def _said(name: str, record: Mapping[str, Any]) -> set[str]:
    return {*record.get("aliases", ()), *_CVE.findall(name)}


def _projects(asked: Mapping[str, Report], twins: Mapping[str, Mapping[str, str]]) -> dict[str, str]:
    """Return each record's project; projects that share a CVE go by the first of their names."""
    own = {name: package_name(report.packages[0]) if report.packages else name for name, report in asked.items()}
    first = {project: project for project in own.values()}

    def leader(project: str) -> str:
        while first[project] != project:
            project = first[project]
        return project

    sharing = defaultdict(list)
    for name, its in twins.items():
        for cve in its:
            sharing[cve].append(own[name])
    for together in sharing.values():
        least, *others = sorted({leader(one) for one in together})
        first |= dict.fromkeys(others, least)
    return {name: leader(project) for name, project in own.items()}


def _report(text: Mapping[str, Any], record: Mapping[str, Any]) -> Report:
    title, _, rest = text["text"].partition(". ")
    return Report(
        name=text["id"],
        title=title,
        text=rest,
        packages=tuple(text["pkgs"]),
        versions=tuple(_fixed(record)),
        places=tuple(_functions(record))[:40],
        cwes=tuple(text.get("cwe") or ()),
    )


def _fixed(record: Mapping[str, Any]) -> Iterator[str]:
    for entry in record.get("affected", ()):
        specific = _mapping(entry, "ecosystem_specific")
        for one in [*entry.get("ranges", ()), *specific.get("custom_ranges", ())]:
            if one["type"] != "GIT":
                yield from (event["fixed"] for event in one["events"] if "fixed" in event)
        for patched in _mapping(entry, "database_specific").get("patched_versions") or ():
            yield from _PATCHED.findall(patched)


def _functions(record: Mapping[str, Any]) -> Iterator[str]:
    for entry in record.get("affected", ()):
        specific = _mapping(entry, "ecosystem_specific")
        for imported in specific.get("imports") or ():
            yield from imported.get("symbols") or ()
        for function in _listed(_mapping(specific, "affects").get("functions")):
            yield function.rpartition("::")[2]


def _mapping(one: Mapping[str, Any], name: str) -> Mapping[str, Any]:
    found = one.get(name)
    return found if isinstance(found, dict) else {}


def _listed(found: Any) -> Iterable[str]:
    return [one for one in found if isinstance(one, str)] if isinstance(found, list | dict) else ()
