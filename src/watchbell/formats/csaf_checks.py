"""Does this CSAF 2.0 document keep the standard's mandatory tests? Those that a writer like ours can break.

Each test is named by its number in section 6.1 of the standard; the table at the
end lists which are run. A document is expected to fit the JSON schema already.
"""

import re
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime

from packageurl import PackageURL

from watchbell.domain.sentence import Sentence
from watchbell.formats import product_tree
from watchbell.formats.fields import Json, pointer

_AFFECTED = ("first_affected", "known_affected", "last_affected")
_FIXED = ("first_fixed", "fixed")
_CONTRADICTING = (_AFFECTED, ("known_not_affected",), _FIXED, ("under_investigation",))
_RANGE_WORDS = re.compile(r"[<>]|(?:^|\s)(?:after|all|before|earlier|later|prior|versions)(?:\s|$)", re.IGNORECASE)
_PRODUCT_LISTS = ("flags", "remediations", "scores", "threats")


@dataclass(frozen=True, slots=True)
class Problem:
    """A mandatory test that fails: its number, what is wrong and the JSON pointer."""

    test: str
    message: str
    place: str


def check(document: Json) -> list[Problem]:
    """Return every problem found, in the order of the tests; none means that the tests we run hold."""
    return [problem for test in _TESTS for problem in test(document)]


def _flaws(document: Json) -> Iterator[tuple[Json, str]]:
    for index, flaw in enumerate(document.get("vulnerabilities", ())):
        yield flaw, f"/vulnerabilities/{index}"


def _defined(document: Json) -> list[product_tree.TreeProduct]:
    return list(product_tree.products(document.get("product_tree", {})))


def _named_products(document: Json) -> Iterator[tuple[str, str]]:
    tree = document.get("product_tree", {})
    for index, group in enumerate(tree.get("product_groups", ())):
        for position, one in enumerate(group["product_ids"]):
            yield one, pointer("/product_tree/product_groups", index, "product_ids", position)
    for index, one in enumerate(tree.get("relationships", ())):
        for key in ("product_reference", "relates_to_product_reference"):
            yield one[key], pointer("/product_tree/relationships", index, key)
    for flaw, place in _flaws(document):
        for key, ids in flaw.get("product_status", {}).items():
            for position, one in enumerate(ids):
                yield one, pointer(place, "product_status", key, position)
        for key in _PRODUCT_LISTS:
            for index, holder in enumerate(flaw.get(key, ())):
                list_name = "products" if key == "scores" else "product_ids"
                for position, one in enumerate(holder.get(list_name, ())):
                    yield one, pointer(place, key, index, list_name, position)


def _missing_product(document: Json) -> Iterator[Problem]:
    known = {one.product_id for one in _defined(document)}
    for one, place in _named_products(document):
        if one not in known:
            yield Problem("6.1.1", Sentence("The product id {id} is not defined.", id=repr(one[:60])), place)


def _product_defined_twice(document: Json) -> Iterator[Problem]:
    seen: set[str] = set()
    for one in _defined(document):
        if one.product_id in seen:
            yield Problem(
                "6.1.2", Sentence("The product id {id} is defined twice.", id=repr(one.product_id[:60])), one.place
            )
        seen.add(one.product_id)


def _missing_group(document: Json) -> Iterator[Problem]:
    known = product_tree.groups(document.get("product_tree", {}))
    for flaw, place in _flaws(document):
        for key in _PRODUCT_LISTS:
            for index, holder in enumerate(flaw.get(key, ())):
                for position, one in enumerate(holder.get("group_ids", ())):
                    if one not in known:
                        where = pointer(place, key, index, "group_ids", position)
                        yield Problem("6.1.4", Sentence("The group id {id} is not defined.", id=repr(one[:60])), where)


def _group_defined_twice(document: Json) -> Iterator[Problem]:
    listed = [one["group_id"] for one in document.get("product_tree", {}).get("product_groups", ())]
    for name, times in Counter(listed).items():
        if times > 1:
            yield Problem(
                "6.1.5",
                Sentence("The group id {id} is defined {times} times.", id=repr(name[:60]), times=times),
                "/product_tree/product_groups",
            )


def _contradicting_status(document: Json) -> Iterator[Problem]:
    for flaw, place in _flaws(document):
        status = flaw.get("product_status", {})
        counted = Counter(
            one for keys in _CONTRADICTING for one in {one for key in keys for one in status.get(key, ())}
        )
        for one, times in counted.items():
            if times > 1:
                message = Sentence(
                    "The product {id} has {times} statuses that exclude each other.", id=repr(one[:60]), times=times
                )
                yield Problem("6.1.6", message, pointer(place, "product_status"))


def _scored_twice(document: Json) -> Iterator[Problem]:
    for flaw, place in _flaws(document):
        seen: set[tuple[str, str]] = set()
        for index, score in enumerate(flaw.get("scores", ())):
            versions = {score[key].get("version", "") for key in ("cvss_v2", "cvss_v3") if key in score}
            for pair in ((one, version) for one in score["products"] for version in sorted(versions)):
                if pair in seen:
                    message = Sentence(
                        "The product {id} has two scores of CVSS {version}.", id=repr(pair[0][:60]), version=pair[1]
                    )
                    yield Problem("6.1.7", message, pointer(place, "scores", index))
                seen.add(pair)


def _bad_purl(document: Json) -> Iterator[Problem]:
    for one in _defined(document):
        if one.purl:
            try:
                PackageURL.from_string(one.purl)
            except ValueError as error:
                where = pointer(one.place, "product_identification_helper", "purl")
                yield Problem(
                    "6.1.13",
                    Sentence("{purl} is not a package URL: {why}.", purl=repr(one.purl[:80]), why=str(error)[:120]),
                    where,
                )


def _major(number: str) -> tuple[int, ...]:
    return tuple(int(part) for part in re.split(r"[-+]", number)[0].split("."))


def _revisions(document: Json) -> list[Json]:
    listed: list[Json] = document["document"]["tracking"]["revision_history"]
    return sorted(listed, key=lambda one: (datetime.fromisoformat(one["date"]), _major(one["number"])))


def _revisions_out_of_order(document: Json) -> Iterator[Problem]:
    numbers = [_major(one["number"]) for one in _revisions(document)]
    if numbers != sorted(numbers):
        yield Problem("6.1.14", "The revisions are not numbered in the order of their dates.", _HISTORY)


def _version_is_not_the_latest(document: Json) -> Iterator[Problem]:
    tracking, revisions = document["document"]["tracking"], _revisions(document)
    latest, own = revisions[-1]["number"], tracking["version"]
    if tracking["status"] == "draft":
        latest, own = re.split("[-+]", latest)[0], re.split("[-+]", own)[0]
    if latest.split("+")[0] != own.split("+")[0]:
        message = Sentence(
            "The document's version {own} is not that of its latest revision {latest}.", own=own, latest=latest
        )
        yield Problem("6.1.16", message, "/document/tracking/version")


def _zero_is_not_final(document: Json) -> Iterator[Problem]:
    tracking = document["document"]["tracking"]
    version = tracking["version"]
    if tracking["status"] != "draft" and (_major(version)[0] == 0 or "-" in version.split("+")[0]):
        yield Problem(
            "6.1.17", "Only a draft may have version 0 or a pre-release version.", "/document/tracking/version"
        )


def _zero_in_history(document: Json) -> Iterator[Problem]:
    tracking = document["document"]["tracking"]
    numbers = [one["number"] for one in tracking["revision_history"]]
    if tracking["status"] in ("final", "interim") and any(_major(one)[0] == 0 for one in numbers):
        yield Problem("6.1.18", "A released document lists a revision of version 0.", _HISTORY)


def _revision_missing(document: Json) -> Iterator[Problem]:
    majors = sorted({_major(one["number"])[0] for one in _revisions(document)})
    if majors[0] not in (0, 1) or majors != list(range(majors[0], majors[0] + len(majors))):
        yield Problem("6.1.21", "The revisions are not numbered without gaps from 0 or 1.", _HISTORY)


def _revision_twice(document: Json) -> Iterator[Problem]:
    numbers = [one["number"] for one in document["document"]["tracking"]["revision_history"]]
    if len(set(numbers)) != len(numbers):
        yield Problem("6.1.22", "A revision number is used twice.", _HISTORY)


def _cve_twice(document: Json) -> Iterator[Problem]:
    seen: set[str] = set()
    for flaw, place in _flaws(document):
        cve = flaw.get("cve", "")
        if cve and cve in seen:
            yield Problem("6.1.23", Sentence("{cve} is used by two vulnerabilities.", cve=cve), pointer(place, "cve"))
        seen.add(cve)


def _profile_incomplete(document: Json) -> Iterator[Problem]:
    if document["document"]["category"] != "csaf_security_advisory":
        return
    if "product_tree" not in document:
        yield Problem("6.1.27.4", "A security advisory needs a product tree.", "/product_tree")
    if "vulnerabilities" not in document:
        yield Problem("6.1.27.11", "A security advisory needs vulnerabilities.", "/vulnerabilities")
    for flaw, place in _flaws(document):
        if "notes" not in flaw:
            yield Problem("6.1.27.5", "Each vulnerability needs a note.", pointer(place, "notes"))
        if "product_status" not in flaw:
            message = "Each vulnerability needs the status of at least one product."
            yield Problem("6.1.27.6", message, pointer(place, "product_status"))


def _remediation_for_nothing(document: Json) -> Iterator[Problem]:
    for test, key in (("6.1.29", "remediations"), ("6.1.32", "flags")):
        for flaw, place in _flaws(document):
            for index, one in enumerate(flaw.get(key, ())):
                if "product_ids" not in one and "group_ids" not in one:
                    yield Problem(
                        test, Sentence("One of the {key} names no product.", key=key), pointer(place, key, index)
                    )


def _mixed_numbering(document: Json) -> Iterator[Problem]:
    tracking = document["document"]["tracking"]
    numbers = [tracking["version"], *(one["number"] for one in tracking["revision_history"])]
    if len({"." in one for one in numbers}) > 1:
        yield Problem("6.1.30", "Whole numbers and dotted versions are mixed.", "/document/tracking")


def _range_as_version(document: Json) -> Iterator[Problem]:
    waiting = [(document.get("product_tree", {}), "/product_tree")]
    while waiting:
        holder, place = waiting.pop()
        if holder.get("category") == "product_version" and _RANGE_WORDS.search(holder["name"]):
            yield Problem(
                "6.1.31",
                Sentence("{name} is a range, not one version.", name=repr(holder["name"][:60])),
                pointer(place, "name"),
            )
        listed = enumerate(holder.get("branches", ()))
        waiting.extend((one, pointer(place, "branches", index)) for index, one in listed)


_HISTORY = "/document/tracking/revision_history"
_TESTS = (
    _missing_product,
    _product_defined_twice,
    _missing_group,
    _group_defined_twice,
    _contradicting_status,
    _scored_twice,
    _bad_purl,
    _revisions_out_of_order,
    _version_is_not_the_latest,
    _zero_is_not_final,
    _zero_in_history,
    _revision_missing,
    _revision_twice,
    _cve_twice,
    _profile_incomplete,
    _remediation_for_nothing,
    _mixed_numbering,
    _range_as_version,
)
TESTS_RUN = (
    *("6.1.1", "6.1.2", "6.1.4", "6.1.5", "6.1.6", "6.1.7", "6.1.13", "6.1.14", "6.1.16", "6.1.17", "6.1.18"),
    *("6.1.21", "6.1.22", "6.1.23", "6.1.27.4", "6.1.27.5", "6.1.27.6", "6.1.27.11", "6.1.29", "6.1.30", "6.1.31"),
    "6.1.32",
)
