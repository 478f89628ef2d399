"""Write an answer for people: what to do first, why, and what nobody could tell."""

from collections import Counter
from collections.abc import Iterator

from watchbell.domain.matching.tiers import Tier
from watchbell.domain.priority import Drawn
from watchbell.edge.answers import AFFECTED, NOT_AFFECTED, UNDETERMINED, Answer, Match
from watchbell.outside.reader.oddities import visible_controls

_HEAD = ("COMPONENT", "VULNERABILITY", "STATUS", "DUE", "FIXED IN", "BECAUSE")
_WIDEST = (48, 24, 18, 14, 24, 200)
_WORDS = {AFFECTED: "affected", UNDETERMINED: "cannot tell", NOT_AFFECTED: "not affected"}


def write(answer: Answer) -> Iterator[str]:
    """Yield the lines; nothing in them can move a terminal's cursor."""
    yield from _rows([_row(one, _WORDS[one.status]) for one in answer.matches])
    if answer.candidates:
        yield "Possible, by a name alone; a guess is no match and counts for nothing:\n"
        yield from _rows([_row(one, "possible") for one in answer.candidates])
    yield from _summary(answer)


def _rows(rows: list[tuple[str, ...]]) -> Iterator[str]:
    if not rows:
        return
    widths = [max(len(row[at]) for row in (_HEAD, *rows)) for at in range(len(_HEAD) - 1)]
    for row in (_HEAD, *rows):
        cells = [cell.ljust(width) for cell, width in zip(row, widths, strict=False)]
        yield "  ".join((*cells, row[-1])).rstrip() + "\n"
    yield "\n"


def _row(one: Match, status: str) -> tuple[str, ...]:
    cells = (
        f"{one.component.name} {one.component.version}".strip(),
        one.flaw.id,
        status if one.status != AFFECTED or one.tier == Tier.EXACT else f"{status}, {one.tier}",
        _due(one),
        ", ".join(one.fixed_in),
        f"{one.because}. {one.flaw.summary}" if one.flaw.summary else one.because,
    )
    return tuple(_cell(text, width) for text, width in zip(cells, _WIDEST, strict=True))


def _due(one: Match) -> str:
    """Return by when, with a question mark where what decides it is not known."""
    days = one.priority.due_days
    term = "at upgrade" if days is None else f"{days} days"
    return term if one.priority.drawn is Drawn.KNOWN else f"{term}?"


def _cell(text: str, width: int) -> str:
    shown = visible_controls(text)
    return shown if len(shown) <= width else shown[: width - 3] + "..."


def _summary(answer: Answer) -> Iterator[str]:
    counts = [(answer.count(AFFECTED), "affected"), (answer.count(UNDETERMINED), "cannot tell")]
    counts.append((answer.count(NOT_AFFECTED), "not affected (VEX)"))
    yield f"Matches: {', '.join(f'{count:,} {word}' for count, word in counts)}.\n"
    if answer.candidates:
        yield f"Possible, by a name alone: {len(answer.candidates):,}; look at them, they count for nothing.\n"
    if unsure := sum(one.priority.drawn is not Drawn.KNOWN for one in answer.matches):
        yield f"A '?' at {unsure:,} of them: what decides the term is not published, or guessed from CVSS.\n"
    yield f"Components: {answer.assessed:,} of {answer.components:,} assessed.\n"
    if answer.not_assessed:
        reasons = Counter(one.reason for one in answer.not_assessed).most_common()
        shown = ", ".join(f"{reason} {count:,}" for reason, count in reasons)
        yield f"Cannot assess {len(answer.not_assessed):,} of {answer.components:,}: {shown}.\n"
    if answer.is_partial:
        yield "A list holds nothing, or something that could not be read as a component.\n"
    yield f"Snapshot {answer.snapshot['id']}, built {answer.snapshot['built_at']}.\n"
