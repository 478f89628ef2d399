"""This will run `snapshot build` and `snapshot info`."""

import json
import os
import sys
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path

from watchbell.domain.refusal import Refused
from watchbell.edge.arguments import BUILD, INFO, build_parser, info_parser
from watchbell.edge.build import Built, build
from watchbell.edge.notes import Notes
from watchbell.edge.output import BAD_INPUT, write
from watchbell.edge.snapshot import opened
from watchbell.edge.trouble import CannotUse

REFUSED = 3
_USAGE = f"""usage: watchbell snapshot build --from PATH|URL... --out FILE [--json]
       watchbell snapshot info FILE [--json]

build: {BUILD}

info: {INFO}
"""
_COUNTED = ("package", "product", "affected_range", "advisory", "vulnerability", "assertion")


def snapshot(arguments: Sequence[str]) -> int:
    """Run `snapshot` with these arguments."""
    verbs = {"build": _build, "info": _info}
    if arguments[:1] and arguments[0] in verbs:
        return verbs[arguments[0]](arguments[1:])
    is_asked = list(arguments[:1]) in (["-h"], ["--help"])
    (sys.stdout if is_asked else sys.stderr).write(_USAGE)
    return 0 if is_asked else BAD_INPUT


def _build(arguments: Sequence[str]) -> int:
    given = build_parser().parse_args(arguments)
    notes = Notes(sys.stderr)
    try:
        built = build(
            given.places,
            Path(given.out),
            now=datetime.now(UTC),  # noqa: TID251 - an entrance reads the clock
            progress=notes.doing,
        )
    except Refused as refused:
        notes.say(f"watchbell: {refused}")
        return BAD_INPUT
    except OSError as error:
        notes.say(f"watchbell: {error.filename or given.out}: {error.strerror or error}. Nothing was written.")
        return BAD_INPUT
    finally:
        notes.end()
    _show(built, given.out, notes, as_json=given.json)
    return REFUSED if built.reading.refused else 0


def _show(built: Built, out: str, notes: Notes, *, as_json: bool) -> None:
    read = built.reading
    if as_json:
        refusals = [{"path": where, **refusal.as_mapping()} for where, refusal in read.refusals]
        counts = {"read": read.seen, "refused": read.refused, "passed_over": read.passed_over, "ranges": built.ranges}
        write([json.dumps({"out": out, "bytes": built.bytes, **counts, "refusals": refusals}) + "\n"])
        return
    for where, refusal in read.refusals:
        notes.say(f"refused  {where}: {refusal}")
    if read.refused > len(read.refusals):
        notes.say(f"refused  and {read.refused - len(read.refusals):,} more")
    passed = f", {read.passed_over:,} other files passed over" if read.passed_over else ""
    write(
        [f"{read.seen:,} read, {read.refused:,} refused{passed}. {built.ranges:,} ranges in {built.bytes:,} bytes.\n"]
    )


def _info(arguments: Sequence[str]) -> int:
    given = info_parser().parse_args(arguments)
    try:
        with opened(given.file, os.environ) as db:
            meta = dict(db.execute("SELECT name, value FROM main.meta"))
            counts = {name: db.execute(f"SELECT count(*) FROM main.{name}").fetchone()[0] for name in _COUNTED}  # noqa: S608
            rows = db.execute("SELECT kind, name, records, withdrawn, newest FROM main.source ORDER BY 1, 2").fetchall()
    except CannotUse as error:
        Notes(sys.stderr).say(f"watchbell: {error}")
        return BAD_INPUT
    sources = [dict(zip(("kind", "name", "records", "withdrawn", "newest"), row, strict=True)) for row in rows]
    ecosystems = [name for name in meta["ecosystems"].split("\n") if name]
    about = {"id": meta["id"], "built_at": meta["built_at"], "sources": sources, "counts": counts}
    if given.json:
        write([json.dumps({**about, "key_format": int(meta["key_format"]), "ecosystems": ecosystems}) + "\n"])
        return 0
    lines = [f"Snapshot {meta['id']}, built {meta['built_at']}"]
    lines += [
        f"  {one['kind']:14}{one['name']:12}{one['records']:>10,} records, newest {one['newest']}" for one in sources
    ]
    lines += [f"  {name.replace('_', ' '):26}{count:>10,}" for name, count in counts.items()]
    lines.append(f"  ecosystems: {', '.join(ecosystems)}")
    write(line + "\n" for line in lines)
    return 0
