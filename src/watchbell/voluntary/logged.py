"""Is every access to material in a log that the developer reads and verifies, before or with the answer? V15."""

import hashlib
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import timedelta
from typing import Any

from django.db import DatabaseError, connection

from watchbell.apps.engagements import services
from watchbell.apps.journal import services as journal
from watchbell.domain.canonical import canonical
from watchbell.domain.metering import Admission
from watchbell.domain.terms import Purpose
from watchbell.formats import strictjson
from watchbell.outside.keystore import verify_signature
from watchbell.voluntary.asking import material_is_read_with_a_line
from watchbell.voluntary.checked import proves, require
from watchbell.voluntary.run import Run
from watchbell.voluntary.stage import Stage
from watchbell.voluntary.tables import change, one, rows
from watchbell.voluntary.walk import aside, succeeds

LINES = 'INTO "engagements_accessline"'
HEADER_ONLY = ("public_key", "signature")


def touches(stage: Stage, text: str) -> dict[str, Callable[[], object]]:
    """Return every deed that opens material, or lets a call through, or opens the way to either."""
    evaluator, engagement = stage.deed("evaluator"), stage.engagement
    return {
        "a call": lambda: _admitted(stage, text),
        "opening terms": lambda: services.open_terms(engagement, Purpose.RUN, **evaluator),
        "the developer opening terms": lambda: services.open_terms(engagement, Purpose.AUDIT, **stage.deed()),
        "the developer opening its offer": lambda: services.open_offer(engagement, Purpose.AUDIT, **stage.deed()),
        "the developer opening names": lambda: services.open_models(engagement, Purpose.AUDIT, **stage.deed()),
        "opening results": lambda: services.note_opening(engagement, "results", Purpose.READ_RESULTS, **evaluator),
        "a token": stage.mint,
        "an endpoint": stage.point,
        "taking the log along": lambda: list(services.export(engagement, **stage.by("evaluator"), keys=stage.keys)),
    }


def _admitted(stage: Stage, text: str) -> None:
    if not isinstance(stage.call(text), Admission):
        raise RuntimeError("the call was turned away")


@proves("V15")
def everything_is_in_the_log(run: Run) -> str:
    """Each opening with its line in one transaction, or not at all; a log whose every tampering shows."""
    with run.stage() as stage:
        text = stage.reach("active").mint()
        tried = touches(stage, text)
        for name, touch in tried.items():
            _leaves_its_line(stage, name, touch)
            _does_not_happen_without(stage, name, touch)
        tampered = _tampering_shows(stage, text)
        anchored = _anchors_hold(stage, text)
    pages = material_is_read_with_a_line(run)
    return (
        f"{len(tried)} deeds with and without a log that can be written; {pages} pages that opened "
        f"something, each with its line; {tampered} kinds of tampering found, {anchored} anchors in the developer's "
        "record"
    )


def _leaves_its_line(stage: Stage, name: str, touch: Callable[[], object]) -> None:
    with aside(stage):
        before = len(rows("accessline"))
        touch()
        require(len(rows("accessline")) > before, f"{name} leaves no line before its answer")


def _does_not_happen_without(stage: Stage, name: str, touch: Callable[[], object]) -> None:
    with aside(stage):
        tables = ("call", "gatewaytoken", "grant", "accessline", "accesschain", "sealeditem")
        before = {table: rows(table) for table in tables}
        with _no_line_can_be_written():
            happened = succeeds(touch)
        connection.needs_rollback = False  # the refused statement never reached the database
        require(not happened, f"{name} happens though its line cannot be written")
        for table in tables:
            require(rows(table) == before[table], f"{name} leaves a trace in '{table}' though it did not happen")


@contextmanager
def _no_line_can_be_written() -> Iterator[None]:
    def refuse(execute: Callable[..., Any], sql: str, *rest: Any) -> Any:
        if LINES in sql:
            raise DatabaseError("the log cannot be written")
        return execute(sql, *rest)

    with connection.execute_wrapper(refuse):
        yield


def why_not(lines: list[bytes]) -> str:
    """Return what is wrong with an exported log, or nothing; written anew here, from the published form alone."""
    header = dict(strictjson.loads(lines[0]))
    signed = canonical({name: value for name, value in header.items() if name not in HEADER_ONLY})
    if not verify_signature(bytes.fromhex(header["public_key"]), bytes.fromhex(header["signature"]), signed):
        return "the header's signature does not hold"
    heads: dict[str, tuple[int, bytes]] = {}
    for line in lines[1:]:
        said = strictjson.loads(line)
        size, head = heads.get(said["chain"], (0, bytes(32)))
        hashed = hashlib.sha256(head + hashlib.sha256(canonical(said["entry"])).digest()).digest()
        if (said["seq"], said["previous"], said["hash"]) != (size, head.hex(), hashed.hex()):
            return f"line {size} of {said['chain']} does not follow"
        heads[said["chain"]] = size + 1, hashed
    told = {one["chain"]: (one["size"], one["head"]) for one in header["chains"]}
    return (
        "" if told == {name: (size, head.hex()) for name, (size, head) in heads.items()} else "a chain ends elsewhere"
    )


def _exported(stage: Stage) -> list[bytes]:
    return list(services.export(stage.engagement, **stage.by(), keys=stage.keys))


def _tampering_shows(stage: Stage, text: str) -> int:
    """Return how many kinds of tampering were found; raises Broken where one was not."""
    for _ in range(4):
        stage.call(text)
    with aside(stage):
        require(not (why := why_not(_exported(stage))), f"an untouched log does not verify: {why}")
    line, other = [row for row in rows("accessline") if row["what"] == "call"][1:3]
    where = "UPDATE engagements_accessline SET {} WHERE id = %s"
    tampering: dict[str, list[tuple[Any, ...]]] = {
        "a line taken out": [("DELETE FROM engagements_accessline WHERE id = %s", line["id"])],
        "a line said otherwise": [(where.format("entry = %s"), line["entry"].replace(b"20", b"21", 1), line["id"])],
        "another person": [(where.format("entry = %s"), b'{"what":"call"}', line["id"])],
        "another hash": [(where.format("hash = %s"), bytes(32), line["id"])],
        "two lines changed about": [
            (where.format("seq = %s"), 10**6, line["id"]),
            (where.format("seq = %s"), line["seq"], other["id"]),
            (where.format("seq = %s"), other["seq"], line["id"]),
        ],
        "the last lines taken off": [("DELETE FROM engagements_accessline WHERE seq > %s", 1)],
        "another head": [("UPDATE engagements_accesschain SET head = %s", bytes(32))],
    }
    for name, changes in tampering.items():
        with aside(stage):
            for sql, *values in changes:
                change(sql, *values)
            require(why_not(_exported(stage)), f"{name}, and the log verifies")
    with aside(stage):
        lines = _exported(stage)
        for number in range(1, len(lines)):
            require(why_not([*lines[:number], *lines[number + 1 :]]), f"line {number} left out, and the log verifies")
            require(why_not([*lines[:-1], lines[number], lines[-1]]), f"line {number} put in, and the log verifies")
    return len(tampering) + 2


def _anchors_hold(stage: Stage, text: str) -> int:
    """Return how many anchors the developer's record has; raises Broken unless they fit, and betray a shorter log."""
    with aside(stage):
        services.withdraw(stage.engagement, **stage.deed(now=stage.now + timedelta(hours=1)))
        anchors = _anchors(stage)
        chains = {row["writer"]: (row["size"], row["head"].hex()) for row in rows("accesschain")}
        require(set(chains) <= set(anchors), "a chain is anchored nowhere after the end")
        for name, latest in anchors.items():
            require(chains[name] == latest, f"the chain {name} is not what was anchored of it")
        chain = one("accesschain", writer="node")
        kept = [row for row in rows("accessline") if row["chain_id"] == chain["id"]][-2]
        change("DELETE FROM engagements_accessline WHERE chain_id = %s AND seq > %s", chain["id"], kept["seq"])
        cut = "UPDATE engagements_accesschain SET size = %s, anchored_size = %s, head = %s WHERE id = %s"
        change(cut, kept["seq"] + 1, kept["seq"] + 1, kept["hash"], chain["id"])
        head = kept["hash"].hex()
        require((kept["seq"] + 1, head) != anchors["node"], "a shortened log agrees with the developer's record")
    return len(anchors)


def _anchors(stage: Stage) -> dict[str, tuple[int, str]]:
    """Return the latest size and head of each chain that the developer's own record says."""
    found = {}
    made = journal.export(by=stage.cast.actors["lab"], now=stage.now, keys=stage.keys)
    for line in list(made.lines)[1:]:
        entry = strictjson.loads(line)["entry"]
        if entry["action"] == "engagement.log_anchored":
            facts = entry["facts"]
            found[str(facts["chain"])] = (int(facts["size"]), str(entry["digests"]["head"]))
    return found
