"""Which number does this package have here? Packages are added when first named and never removed."""

from collections.abc import Iterable

from watchbell.apps.vulnerabilities.models import NAME_LENGTH
from watchbell.apps.vulnerabilities.services import bulk
from watchbell.domain.matching.packages import package
from watchbell.domain.refusal import refuse
from watchbell.domain.sentence import Sentence

Named = tuple[str, str]
ECOSYSTEM_LENGTH = 64

_COLUMNS = ("ecosystem", "name")
_TABLE = "vulnerabilities_package"


def ensure_packages(packages: Iterable[Named]) -> dict[Named, int]:
    """Return the id of each (ecosystem, name), as given, adding those not yet known; names are brought to one spelling.

    Raises Refused for a name or ecosystem that is empty or longer than a package's can be.
    """
    spelled = {given: _checked(given) for given in packages}
    ids = ids_of(set(spelled.values()))
    return {given: ids[one] for given, one in spelled.items()}


def ids_of(packages: Iterable[Named]) -> dict[Named, int]:
    """Return the id of each package in canonical spelling, adding those not yet known."""
    wanted = sorted(set(packages))
    ids = _known(wanted)
    absent = [one for one in wanted if one not in ids]
    if absent:
        ids |= {
            (row[1], row[2]): row[0]
            for row in bulk.insert_returning(_TABLE, _COLUMNS, absent, "id, ecosystem, name", ignore_taken=True)
        }
        ids |= _known([one for one in absent if one not in ids])
    return ids


def _known(packages: list[Named]) -> dict[Named, int]:
    """Return the ids of those already there."""
    found: dict[Named, int] = {}
    by_ecosystem: dict[str, list[str]] = {}
    for ecosystem, name in packages:
        by_ecosystem.setdefault(ecosystem, []).append(name)
    for ecosystem, names in by_ecosystem.items():
        query = f"SELECT name, id FROM {_TABLE} WHERE ecosystem = %s AND name IN ({{}})"  # noqa: S608
        found |= {(ecosystem, row[0]): row[1] for row in bulk.rows_where_in(query, names, ecosystem)}
    return found


def _checked(given: Named) -> Named:
    one = package(*given)
    check(one.ecosystem, one.name, place="")
    return one.ecosystem, one.name


def check(ecosystem: str, name: str, *, place: str) -> None:
    """Raise Refused for words that cannot name a package here."""
    if not (0 < len(ecosystem) <= ECOSYSTEM_LENGTH and 0 < len(name) <= NAME_LENGTH):
        raise refuse(
            "wrong-value",
            "A package has no ecosystem or name, or one that is too long",
            place=place,
            expected=Sentence(
                "an ecosystem of at most {ecosystem} characters and a name of at most {name}",
                ecosystem=ECOSYSTEM_LENGTH,
                name=NAME_LENGTH,
            ),
        )
