"""This will run `match`: read the lists, open the snapshot, print the answer, return the exit code."""

import os
import sys
from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, Any

from watchbell.domain.priority import Exposure
from watchbell.domain.refusal import Refused
from watchbell.edge.matching import match as matched
from watchbell.edge.notes import Notes
from watchbell.edge.output import BAD_INPUT, write
from watchbell.edge.plain_words import of_match
from watchbell.edge.snapshot import opened
from watchbell.edge.trouble import CannotUse
from watchbell.formats.sbom import Sbom

if TYPE_CHECKING:
    from watchbell.domain.matching.vex_statements import Statement
    from watchbell.edge.answers import Answer
    from watchbell.edge.vex import Statements

MOST_BYTES = 256 * 1024 * 1024
MOST_NOTES = 20
_CYCLONEDX, _HEAD = b'"bomFormat"', 1000
_PACKED = (b"\x1f\x8b", b"\x28\xb5\x2f\xfd", b"PK\x03\x04")


def match(arguments: Sequence[str]) -> int:
    """Run `match` with these arguments."""
    given = of_match(arguments) or _looked_at(arguments)
    notes = Notes(sys.stderr)
    try:
        bills = [bill for path in given.sboms for bill in _bills(path, given.distro, notes)]
        statements = _statements(given.vex, notes)
        notes.doing("Opening the snapshot")
        with opened(given.snapshot, os.environ) as db:
            answer = matched(
                bills,
                db,
                exposed=Exposure(given.exposed or "unknown"),
                statements=statements,
                progress=lambda done, total: notes.doing("Matching", done, total),
            )
    except (CannotUse, Refused) as error:
        notes.say(f"watchbell: {error}")
        return BAD_INPUT
    finally:
        notes.end()
    if not answer.components:
        notes.say("Nothing is listed, so nothing was assessed.")
    write(_written(answer, given.format))
    return answer.exit_code(fails_on_any=given.fail_on == "any")


def _looked_at(arguments: Sequence[str]) -> Any:
    from watchbell.edge.arguments import match_parser

    return match_parser().parse_args(arguments)


def _bills(path: str, distro: str, notes: Notes) -> Iterator[Sbom]:
    """Yield the list at a path, or those inside an archive, with what is wrong in them said."""
    notes.doing(f"Reading {path}")
    for name, content in _contents(path):
        try:
            bill = _bill(content, name, distro)
        except Refused as refused:
            where = path if name == os.path.basename(path) else f"{path}, {name}"
            raise CannotUse(f"{where} cannot be read: {refused}") from refused
        shown = [one for one in bill.defects if one.code != "no-version"]
        for defect in shown[:MOST_NOTES]:
            notes.say(
                f"{path}: {defect.message.rstrip('.')} ({defect.place})." if defect.place else str(defect.message)
            )
        left = len(shown) - MOST_NOTES + bill.more_defects
        if left > 0:
            notes.say(f"{path}: and {left:,} more.")
        yield bill


def _bill(content: bytes, name: str, distro: str) -> Sbom:
    """Return the list in these bytes; CycloneDX, which most are, without what it takes to tell it from others."""
    if _CYCLONEDX in content[:_HEAD]:
        from watchbell.formats import cyclonedx

        try:
            return cyclonedx.loads(content)
        except Refused:
            pass  # the words may stand in another kind of list, and a refusal must say what was seen
    from watchbell.formats.installed import reading

    return reading.loads(content, name=name, distro=distro)


def _contents(path: str) -> Iterator[tuple[str, bytes]]:
    """Yield (name, bytes) of a file, or of each file packed in it; bounded. Raises CannotUse."""
    try:
        with open(path, "rb") as file:
            content = file.read(MOST_BYTES + 1)
    except OSError as error:
        raise CannotUse(f"{path} cannot be read: {error.strerror}. Check the path.") from error
    except ValueError as error:
        raise CannotUse(f"{path!r} is no path ({error}).") from error
    if len(content) > MOST_BYTES:
        raise CannotUse(f"{path} has more than {MOST_BYTES:,} bytes. Split it, one list for each system.")
    if not content.startswith(_PACKED):
        yield os.path.basename(path), content
        return
    from watchbell.outside.reader import UPLOAD, open_document

    try:
        for member in open_document(content, os.path.basename(path), UPLOAD):
            yield member.name.removesuffix(".gz").removesuffix(".zst"), member.content()
    except Refused as refused:
        raise CannotUse(f"{path} cannot be read: {refused}") from refused


def _statements(paths: Sequence[str], notes: Notes) -> "Statements | None":
    """Return what the VEX documents say, or None without any."""
    if not paths:
        return None
    from watchbell.edge.vex import Statements
    from watchbell.formats import vex

    found: list[Statement] = []
    for path in paths:
        notes.doing(f"Reading {path}")
        for name, content in _contents(path):
            try:
                document = vex.loads(content, document=name)
            except Refused as refused:
                raise CannotUse(f"{path} cannot be read: {refused}") from refused
            found += document.statements
            for place, message in document.defects[:MOST_NOTES]:
                notes.say(f"{path}: {message} ({place})")
    return Statements(found)


def _written(answer: "Answer", form: str) -> Iterator[str]:
    """Return the answer in this format; its writer is loaded when it is needed."""
    if form == "json":
        from watchbell.edge.writing import as_json

        return as_json.write(answer)
    if form == "csv":
        from watchbell.edge.writing import as_csv

        return as_csv.write(answer)
    if form == "sarif":
        from watchbell.edge.writing import as_sarif

        return as_sarif.write(answer)
    if form == "vex":
        from datetime import UTC, datetime

        from watchbell.edge.writing import as_vex

        now = datetime.now(UTC).replace(microsecond=0)  # noqa: TID251 - an entrance reads the clock
        return as_vex.write(answer, now=now)
    from watchbell.edge.writing import as_table

    return as_table.write(answer)
