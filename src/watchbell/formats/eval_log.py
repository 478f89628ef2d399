"""Read a log that Inspect wrote, `.eval` or JSON: its head, and its samples one at a time.

Read for Inspect 0.3.285, log version 2. A log that was cut off while it ran has no head of its own yet; what stands in
its journal is taken, and as many samples as were written. Nothing is believed because the log says so twice: two places
that tell one sample differently are a refusal of that sample. What is not kept: the endpoint's address, arguments,
tracebacks.
"""

import hashlib
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Final, Protocol

from watchbell.domain.evaluation.fingerprints import Fingerprint
from watchbell.domain.refusal import Refusal, Refused, refuse
from watchbell.domain.sentence import Sentence
from watchbell.formats import fields, fingerprints, moments, strictjson
from watchbell.formats.eval_sample import LoggedSample, key_of, sample_from, scores_told
from watchbell.formats.fields import Json

MIB: Final = 1024 * 1024
MOST_HEAD: Final = 32 * MIB
MOST_SAMPLE: Final = 64 * MIB
MOST_DOCUMENT: Final = 64 * MIB
VERSION: Final = 2
HEAD, START = "header.json", "_journal/start.json"
SUMMARIES, PARTS = "summaries.json", re.compile(r"_journal/summaries/\d+\.json")
SAMPLE: Final = re.compile(r"samples/.+\.json", re.DOTALL)
STATUSES: Final = ("started", "success", "cancelled", "error")
_ODD: Final = re.compile(rb'"(?:[^"\\]|\\.)*+"|NaN|-?Infinity', re.DOTALL)
_ESCAPE: Final = re.compile(rb"\\(?:u[0-9a-fA-F]{4}|.)", re.DOTALL)


class Members(Protocol):
    """The files of a log, by name: `outside.reader.Archive` is one."""

    @property
    def names(self) -> tuple[str, ...]:
        """Return the names of the files."""

    def read(self, name: str, *, most: int) -> bytes:
        """Return what one file holds; raises Refused."""


@dataclass(frozen=True, slots=True, kw_only=True)
class EvalLog:
    """What a log says of itself. `expected` are the names of its items, `scaffold` its solvers in order.

    `is_whole` is False for a log that was cut off; `was_edited` says that somebody changed it after it was written.
    `model` is the name Inspect called it by, with the provider before it.
    """

    eval_id: str
    run_id: str
    task: str
    task_version: str
    model: str
    status: str
    created: datetime
    began: datetime
    ended: datetime | None
    token_limit: int | None
    epochs: int
    expected: tuple[str, ...]
    scaffold: tuple[str, ...]
    scorer: str
    packages: Mapping[str, str]
    is_whole: bool
    was_edited: bool

    def is_of(self, alias: str) -> bool:
        """Return whether the model of this log is the one called so, whatever provider stands before its name."""
        return self.model == alias or self.model.endswith(f"/{alias}")


@dataclass(slots=True)
class Log:
    """One opened log: its head, and its samples in the order they were written; read them once, in turn.

    `listed` is the number of samples the log says it has; `recovered` counts those read so far. `fingerprints` are
    there when our own runner took them.
    """

    head: EvalLog
    _parts: Iterator[tuple[str, bytes | Json | Refusal]]
    _told: Mapping[tuple[str, int], bytes]
    listed: int
    recovered: int = 0
    fingerprints: tuple[Fingerprint, ...] = ()
    _seen: set[tuple[str, int] | str] = field(default_factory=set)

    def samples(self) -> Iterator[LoggedSample | Refusal]:
        """Return each sample, or why it is not taken; one at a time, however large the log is."""
        for place, part in self._parts:
            if isinstance(part, Refusal):
                yield part
                continue
            try:
                found = self._sample(place, part)
            except Refused as refused:
                yield _placed(refused.refusal, place)
                continue
            self.recovered += 1
            yield found

    def _sample(self, place: str, part: bytes | Json) -> LoggedSample:
        if isinstance(part, bytes):
            value, digest = fields.root(read_json(part)), hashlib.sha256(part).hexdigest()
        else:
            value, digest = part, hashlib.sha256(strictjson.dumps(part)).hexdigest()
        key = key_of(value)
        if self._told and self._told.get(key) != scores_told(value):
            raise refuse("told-otherwise", "The log's own summary tells this sample otherwise.", todo=UNTOUCHED)
        found = sample_from(value, model=self.head.model, scorer=self.head.scorer, place=place, digest=digest)
        if key in self._seen or (found.uuid and found.uuid in self._seen):
            raise refuse("twice", "This sample stands in the log twice.", todo=UNTOUCHED)
        self._seen |= {key, found.uuid}
        return found


UNTOUCHED: Final = "Give the log as it was written"


def open_log(members: Members) -> Log:
    """Return the log in these files of a `.eval`; raises Refused when it has no head that can be read."""
    names = members.names
    is_whole = HEAD in names
    if not is_whole and START not in names:
        raise refuse("no-log", "This is no log of Inspect's.", expected=Sentence("A file {name}", name=HEAD))
    head = _read(members, HEAD if is_whole else START)
    start = _read(members, START) if START in names else head
    if fields.mapping(start, "eval").get("eval_id") != fields.mapping(head, "eval").get("eval_id"):
        raise refuse("two-logs", "The log's journal is of another run.", place=f"member {START}", todo=UNTOUCHED)
    told = dict(_summaries(members, is_whole=is_whole))
    samples = [name for name in names if SAMPLE.fullmatch(name)]
    prints = _fingerprints(members)
    listed = len(told) or len(samples)
    return Log(_head(head, is_whole=is_whole), _files(members, samples), told, listed=listed, fingerprints=prints)


def loads(data: bytes) -> Log:
    """Return the log in one JSON document; raises Refused with a JSON pointer."""
    if len(data) > MOST_DOCUMENT:
        todo = "Convert it to .eval, which is read one sample at a time"
        raise refuse(
            "too-large",
            "The document is too large.",
            todo=todo,
            expected=Sentence("At most {most} bytes", most=MOST_DOCUMENT),
        )
    found = fields.root(read_json(data))
    parts = [(place, one) for one, place in fields.objects(found, "samples")]
    is_whole = fields.text(found, "status") != "started"
    return Log(_head(found, is_whole=is_whole), iter(parts), {}, listed=len(parts))


def read_json(data: bytes) -> Any:
    """Return the JSON value; what a log may hold and JSON may not is made harmless first.

    NaN is how Inspect writes "not scored": null. NUL in what a program printed: the sign for an unknown character.
    """
    if b"NaN" in data or b"Infinity" in data:
        data = _ODD.sub(lambda found: found[0] if found[0].startswith(b'"') else b"null", data)
    if b"\\u0000" in data:
        data = _ESCAPE.sub(lambda found: b"\\ufffd" if found[0] == b"\\u0000" else found[0], data)
    return strictjson.loads(data)


def _read(members: Members, name: str) -> Json:
    try:
        return fields.root(read_json(members.read(name, most=MOST_HEAD)))
    except Refused as refused:
        raise Refused(_placed(refused.refusal, f"member {name}")) from None


def _fingerprints(members: Members) -> tuple[Fingerprint, ...]:
    if fingerprints.MEMBER not in members.names:
        return ()
    try:
        return fingerprints.loads(members.read(fingerprints.MEMBER, most=fingerprints.MOST_BYTES))
    except Refused as refused:
        raise Refused(_placed(refused.refusal, f"member {fingerprints.MEMBER}")) from None


def _files(members: Members, names: list[str]) -> Iterator[tuple[str, bytes | Refusal]]:
    for name in names:
        place = f"member {name}"
        try:
            yield place, members.read(name, most=MOST_SAMPLE)
        except Refused as refused:
            yield place, _placed(refused.refusal, place)


def _summaries(members: Members, *, is_whole: bool) -> Iterator[tuple[tuple[str, int], bytes]]:
    """Return what the log's summaries tell of each sample's scores."""
    wanted = [SUMMARIES] if is_whole else sorted(name for name in members.names if PARTS.fullmatch(name))
    for name in wanted:
        if name not in members.names:
            continue
        place = f"member {name}"
        try:
            found = read_json(members.read(name, most=MOST_SAMPLE))
            for one, _ in fields.objects({"samples": found}, "samples"):
                yield key_of(one), scores_told(one)
        except Refused as refused:
            raise Refused(_placed(refused.refusal, place)) from None


def _head(found: Json, *, is_whole: bool) -> EvalLog:
    if found.get("version") != VERSION:
        raise fields.unsupported("log", str(found.get("version")), str(VERSION), place="/version")
    spec, stats = fields.mapping(found, "eval"), fields.mapping(found, "stats")
    config, dataset = fields.mapping(spec, "config", "/eval"), fields.mapping(spec, "dataset", "/eval")
    status = fields.text(found, "status") or "started"
    if status not in STATUSES:
        raise refuse(
            "wrong-value",
            "A log has no such status.",
            place="/status",
            expected=Sentence("One of these: {names}", names=tuple(STATUSES)),
        )
    created = moments.read(fields.required_text(spec, "created", "/eval"), place="/eval/created")
    return EvalLog(
        eval_id=fields.required_text(spec, "eval_id", "/eval"),
        run_id=fields.text(spec, "run_id", "/eval"),
        task=_task(spec),
        task_version=str(spec.get("task_version", "")),
        model=fields.required_text(spec, "model", "/eval"),
        status=status,
        created=created,
        began=_moment(stats, "started_at") or created,
        ended=_moment(stats, "completed_at"),
        token_limit=_number(config, "token_limit"),
        epochs=_number(config, "epochs") or 1,
        expected=_items(dataset),
        scaffold=_solvers(found, spec),
        scorer=_first_scorer(spec),
        packages=_packages(spec),
        is_whole=is_whole,
        was_edited=bool(found.get("invalidated") or found.get("log_updates")),
    )


def _moment(stats: Json, key: str) -> datetime | None:
    text = fields.text(stats, key, "/stats")
    return moments.read(text, place=f"/stats/{key}") if text else None


def _number(config: Json, key: str) -> int | None:
    value = config.get(key)
    if value is None:
        return None
    if type(value) is not int or not 0 <= value < 2**53:
        raise fields.wrong_type(f"/eval/config/{key}", int, value)
    return value


def _items(dataset: Json) -> tuple[str, ...]:
    return tuple(str(one) for one in fields.items(dataset, "sample_ids", "/eval/dataset"))


def _solvers(found: Json, spec: Json) -> tuple[str, ...]:
    plan = fields.mapping(found, "plan")
    steps = [fields.text(one, "solver", place) for one, place in fields.objects(plan, "steps", "/plan")]
    own = fields.text(spec, "solver", "/eval")
    return tuple(dict.fromkeys([one for one in (own, *steps) if one]))


def _first_scorer(spec: Json) -> str:
    return next((fields.text(one, "name", place) for one, place in fields.objects(spec, "scorers", "/eval")), "")


def _packages(spec: Json) -> Mapping[str, str]:
    found = fields.mapping(spec, "packages", "/eval")
    return {name: fields.text(found, name, "/eval/packages") for name in found}


def _placed(refusal: Refusal, place: str) -> Refusal:
    """Return the refusal with the file's name, and where in it where that is known."""
    where = f"{place}: {refusal.place}" if refusal.place and not refusal.place.startswith("member ") else place
    return Refusal(
        code=refusal.code, message=refusal.message, place=where, expected=refusal.expected, todo=refusal.todo
    )


def _task(spec: fields.Json) -> str:
    """Return what a task is called: a built-in suite by its own name, any other as it is registered with Inspect."""
    shown = fields.required_text(spec, "task", "/eval")
    return shown if shown.startswith("watchbell/") else fields.text(spec, "task_registry_name", "/eval") or shown
