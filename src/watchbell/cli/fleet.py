"""`fleet`: what operators run as one file, any engine that matches it all at once, and the node's own matches anew."""

import json
import os
import random
import sys
from collections import Counter
from contextlib import closing
from dataclasses import asdict
from pathlib import Path
from typing import Any

import click

from watchbell.cli import boot
from watchbell.cli.importing import Progress
from watchbell.cli.serve import refuse_other_schema
from watchbell.domain.handling import OrganisationKind, system
from watchbell.outside.fleet.choice import Engine, Means, opener
from watchbell.outside.fleet.interface import WHOLE, FleetError, Shard, Tally
from watchbell.outside.settings import BadSetting, Settings

NOTHING, AFFECTED, REFUSED, OPEN = 0, 1, 2, 4

ENGINE = click.Choice([one.value for one in Engine])


class Fleet(click.Group):
    """Verbs whose refusals are one sentence and exit 2."""

    def invoke(self, ctx: click.Context) -> Any:
        """Run one of them."""
        try:
            return super().invoke(ctx)
        except FleetError as error:
            raise boot.CannotStart(str(error)) from error


@click.group("fleet", cls=Fleet)
def fleet_verb() -> None:
    """Match millions of components at once, with the engine you have: see docs/howto/match-a-fleet.md."""


@fleet_verb.command("export")
@click.option("--out", required=True, type=click.Path(path_type=Path), help="The file, or with --parquet the folder.")
@click.option("--org", "named", multiple=True, help="Id or name of an operator; again for more.")
@click.option("--parquet", is_flag=True, help="Write a folder of Parquet files (needs the extra fleet).")
@click.option("--json", "as_json", is_flag=True, help="Print the counts as JSON.")
def export(out: Path, named: tuple[str, ...], parquet: bool, as_json: bool) -> None:
    """Write what operators of this node run, with the ranges published of it, to one new file."""
    if out.exists():
        raise FleetError(f"{out} exists already; name a new one or remove it first.")
    boot.boot()
    refuse_other_schema()
    from watchbell.apps.inventory import services as inventory  # once Django is up
    from watchbell.doors import moment

    progress = Progress(is_shown=sys.stderr.isatty())
    progress.begin(out.name)
    file = out.with_name(out.name + ".sqlite3") if parquet else out
    try:
        done = inventory.export_fleet(file, _operators(named), by=system("console"), now=moment.now(), told=progress)
        if parquet:
            _as_parquet(file, out)
    finally:
        progress.end()
    counts = asdict(done)
    words = ", ".join(f"{count:,} {what}" for what, count in counts.items() if what not in ("unassessed", "picked"))
    sentence = f"{words}. {done.unassessed:,} components cannot be assessed, and {done.picked:,} products were picked "
    boot.show(counts, as_json=as_json, sentence=sentence + "by name and are not in the file: none of them is safe.")


def _as_parquet(file: Path, folder: Path) -> None:
    from watchbell.outside.fleet.parquet import write

    try:
        write(file, folder)
    finally:
        file.unlink(missing_ok=True)


def _operators(named: tuple[str, ...]) -> list[str]:
    """Return the operators these ids or names mean, or the only one there is; raises UsageError."""
    from watchbell.apps.orgs import queries as orgs

    known = {one.public_id: one.name for one in orgs.of_kind(OrganisationKind.OPERATOR)}
    if not named and len(known) == 1:
        return list(known)
    if not named:
        raise click.UsageError(f"This node has {len(known)} operators; say whose inventory: --org ID, again for more.")
    found = [public_id for word in named for public_id, name in known.items() if word in (public_id, name)]
    if unknown := [word for word in named if word not in known and word not in known.values()]:
        raise click.UsageError(f"No operator has the id or name {unknown[0]!r}. See `watchbell admin org --help`.")
    return found


@fleet_verb.command("match")
@click.argument("fleet", type=click.Path(path_type=Path))
@click.option("--engine", type=ENGINE, default=Engine.SQLITE.value, show_default=True, help="What does the work.")
@click.option("--spark-master", "master", default="local[*]", show_default=True, help="Where Spark runs.")
@click.option("--part", default="", metavar="I/N", help="Only part I of N, cut by package; parts count from 1.")
@click.option("--out", type=click.Path(path_type=Path), help="Write every match to this .csv or .ndjson.")
@click.option("--json", "as_json", is_flag=True, help="Print the counts as JSON.")
def match(fleet: Path, engine: str, master: str, part: str, out: Path | None, as_json: bool) -> None:
    """Match a fleet's file or folder. Exit 0: nothing affected; 1: something is; 4: something cannot be told."""
    shard = _part(part)
    progress = Progress(is_shown=sys.stderr.isatty())
    progress.begin(fleet.name)
    try:
        with closing(_opened(engine, fleet, master)) as executor:
            if out is not None:
                from watchbell.outside.fleet.writing import write_matches

                write_matches(executor.matches(shard), out, told=progress)
            tally, unassessed = executor.tally(shard), Counter(executor.unassessed())
    finally:
        progress.end()
    _show(tally, {reason.value: count for reason, count in sorted(unassessed.items())}, as_json=as_json)
    sys.exit(AFFECTED if tally.matches else OPEN if unassessed else NOTHING)


def _opened(engine: str, fleet: Path, master: str) -> Any:
    if not fleet.exists():
        raise FleetError(f"There is nothing at {fleet}; make it with `watchbell fleet export`.")
    return opener(Engine(engine), _means(master))(fleet)


def _part(words: str) -> Shard:
    """Return the part that I/N means, parts counted from 1; raises UsageError."""
    if not words:
        return WHOLE
    index, _, of = words.partition("/")
    if not (index.isascii() and of.isascii() and index.isdigit() and of.isdigit() and 1 <= int(index) <= int(of)):
        raise click.UsageError(f"--part takes I/N with I from 1 to N, as 3/8; {words!r} is not that.")
    return Shard(int(index) - 1, int(of))


def _means(master: str = "local[*]") -> Means:
    try:
        return Means(url=Settings.from_env(os.environ).database_url, master=master)
    except BadSetting as error:
        raise boot.CannotStart(str(error)) from error


def _show(tally: Tally, unassessed: dict[str, int], *, as_json: bool) -> None:
    answer = {"matches": tally.matches, "unassessed": unassessed}
    if as_json:
        click.echo(json.dumps(answer))
        return
    click.echo(f"{tally.matches:,} matches")
    if unassessed:
        reasons = ", ".join(f"{count:,} {reason}" for reason, count in unassessed.items())
        click.echo(f"Cannot be assessed, and is not safe for that: {reasons}. Ask the node about these.")


@fleet_verb.command("check")
@click.option("--engine", "engines", type=ENGINE, multiple=True, help="Which; again for more. Default: what is here.")
@click.option("--seed", default=1, show_default=True, help="Another number, another made-up fleet.")
@click.option("--json", "as_json", is_flag=True, help="Print the answer as JSON.")
def check(engines: tuple[str, ...], seed: int, as_json: bool) -> None:
    """Match a made-up fleet with each engine, whole and in parts; exit 1 unless all agree row for row."""
    from watchbell.outside.fleet.self_test import differences

    agreed, absent, found = list[str](), dict[str, str](), list[str]()
    for name in engines or [one.value for one in Engine]:
        try:
            faults = differences({name: opener(Engine(name), _means())}, rng=random.Random(seed))  # noqa: S311
        except FleetError as error:
            if engines:
                raise
            absent[name] = str(error)
            continue
        found += faults
        agreed += [name] * (not faults)
    lines = [*found, f"These agree: {', '.join(agreed)}.", *(f"Not here: {why}" for why in absent.values())]
    boot.show({"agree": agreed, "differences": found, "absent": absent}, as_json=as_json, sentence="\n".join(lines))
    sys.exit(1 if found else 0)


@fleet_verb.command("rematch")
@click.option("--wait", is_flag=True, help="Also do the work in this process before returning.")
@click.option("--json", "as_json", is_flag=True, help="Print the answer as JSON.")
def rematch(wait: bool, as_json: bool) -> None:
    """Match everything on this node anew, in parts: as many workers as there are take one each."""
    boot.boot()
    refuse_other_schema()
    from watchbell.apps.inventory import services as inventory  # once Django is up
    from watchbell.cli.imports import work_until_idle
    from watchbell.doors import moment

    count = inventory.match_everything_again(by=system("console"), now=moment.now(), rng=moment.dice())
    if wait:
        work_until_idle()
    done = (
        "matched anew" if wait else "will be matched anew by the node's workers; the page Work shows how far they are"
    )
    boot.show({"versions": count, "done": wait}, as_json=as_json, sentence=f"{count:,} versions: {done}.")
