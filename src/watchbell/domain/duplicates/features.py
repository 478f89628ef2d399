"""What speaks for and against two reports being one flaw? Nine features; each can be said in a sentence."""

from array import array
from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum

from watchbell.domain.duplicates.index import Index, Known


class Feature(StrEnum):
    """What is compared: shares between 0 and 1, or 0 or 1, but for the last."""

    PACKAGE = "package"
    """How much of the shorter package name the other has, or mentions in its text."""
    SAME_PACKAGE = "same package"
    """A package of the one goes by the very name of one of the other."""
    NO_PACKAGE = "no package"
    """The known report names no package, so that it could not agree."""
    TITLE = "title"
    """How much of the asked title, by rarity and without the package's name, the known report says."""
    WORDS = "words"
    """How much of the one report, by rarity and without the packages' names, the other says; the larger of the two."""
    VERSIONS = "versions"
    """How many of the versions of the one that has fewer both name."""
    OTHER_VERSIONS = "other versions"
    """Both name versions, and none of one major.minor."""
    OTHER_KIND = "other kind"
    """Both speak of a known kind of flaw, and of none in common."""
    NEAREST = "nearest"
    """How far its cosine is above that of the next, or below that of the best; between -1 and 1."""


@dataclass(frozen=True, slots=True)
class Pair:
    """A known report beside the asked one: its features in the order of `Feature`, and the words they share."""

    known: Known
    values: tuple[float, ...]
    shared: tuple[int, ...]


def compared(index: Index, asked: Known, found: Mapping[int, float]) -> list[Pair]:
    """Return a pair for each candidate that `index` has `found`, with its cosine, for the asked report."""
    rarity, words = index.rarity, frozenset(asked.words)
    first, second = [*sorted(found.values(), reverse=True)[:2], 0.0, 0.0][:2]
    pairs = []
    for at, cosine in found.items():
        known = index.known[at]
        names = asked.name_words | known.name_words
        common = words.intersection(known.words)
        shared = tuple(common - names)
        weight = sum([rarity[word] for word in shared])
        shorter = min(_weight(asked.words, names, rarity), _weight(known.words, names, rarity))
        both = bool(asked.versions and known.versions)
        versions = len(asked.versions & known.versions)
        pairs.append(
            Pair(
                known,
                (
                    _package(asked, known, common, rarity),
                    float(not asked.names.isdisjoint(known.names)),
                    float(not known.names),
                    _title(asked, common, rarity),
                    weight / shorter if shorter else 0.0,
                    versions / min(len(asked.versions), len(known.versions)) if versions else 0.0,
                    float(both and not asked.minors & known.minors),
                    float(bool(asked.kinds and known.kinds and not asked.kinds & known.kinds)),
                    cosine - (second if cosine == first else first),
                ),
                shared,
            )
        )
    return pairs


def _weight(words: "array[int]", names: frozenset[int], rarity: list[float]) -> float:
    return sum([rarity[word] for word in words if word not in names])


def _package(asked: Known, known: Known, common: frozenset[int], rarity: list[float]) -> float:
    own = asked.name_words
    if not own:
        return 0.0
    mentioned = sum([rarity[word] for word in own & common]) / (sum([rarity[word] for word in own]) or 1.0)
    if not known.name_words:
        return mentioned
    return max(mentioned, len(own & known.name_words) / min(len(own), len(known.name_words)))


def _title(asked: Known, common: frozenset[int], rarity: list[float]) -> float:
    said = asked.title - asked.name_words
    whole = sum([rarity[word] for word in said])
    return sum([rarity[word] for word in said & common]) / whole if whole else 0.0
