"""Logs Inspect wrote are read as they are, a sample at a time; what is cut, bombed or forged is refused (SB-09)."""

import dataclasses
import io
import json
import zipfile
from contextlib import suppress
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.support.eval_logs import FIRST, LOGS, changed, files_of, opened, packed, retold
from tests.support.protocols import ALIAS, PROTOCOL

from watchbell.domain.evaluation import outcome_of
from watchbell.domain.refusal import Refusal, Refused
from watchbell.formats import eval_log, strictjson
from watchbell.formats.eval_log import Log
from watchbell.formats.eval_sample import LoggedSample, credit_of
from watchbell.outside.reader import EVAL_LOG, Archive, Limits

PLAIN = files_of("plain.eval")


def read(log: Log) -> tuple[list[LoggedSample], list[Refusal]]:
    found = list(log.samples())
    return [one for one in found if isinstance(one, LoggedSample)], [one for one in found if isinstance(one, Refusal)]


def outcomes(name: str) -> list[str]:
    samples, refusals = read(opened((LOGS / name).read_bytes()))
    assert refusals == []
    return [outcome_of(one.told, names=PROTOCOL.model.names).value for one in samples]


def refusal_of(data: bytes) -> Refusal:
    with pytest.raises(Refused) as caught:
        list(opened(data).samples())
    return caught.value.refusal


def test_a_plain_log_is_read_whole() -> None:
    log = opened((LOGS / "plain.eval").read_bytes())
    samples, _ = read(log)

    assert (log.head.task, log.head.task_version, log.head.token_limit, log.head.epochs) == ("patch", "1", 1000, 1)
    assert (log.head.is_whole, log.listed, log.recovered) == (True, 6, 6)
    assert log.head.is_of(ALIAS)
    assert not log.head.is_of("light-1")
    assert [one.item for one in samples] == list(log.head.expected)
    assert {(one.calls, one.total_tokens, one.epoch) for one in samples} == {(1, 27, 1)}
    assert len({one.digest for one in samples}) == len({one.uuid for one in samples}) == 6


def test_an_outage_and_another_models_answer_are_infrastructure_though_the_status_says_success() -> None:
    assert opened((LOGS / "errors.eval").read_bytes()).head.status == "success"
    assert outcomes("errors.eval") == ["solved", "unsolved", "infrastructure", "unsolved", "infrastructure", "unsolved"]


def test_a_hung_call_that_inspect_scored_incorrect_is_no_inability() -> None:
    samples, _ = read(opened((LOGS / "slow.eval").read_bytes()))

    assert (samples[-1].told.limit, samples[-1].told.solved, samples[-1].told.answered_as) == ("time", False, ())
    assert outcomes("slow.eval")[-1] == "infrastructure"


def test_what_a_content_filter_stopped_is_refused_whatever_its_score() -> None:
    assert outcomes("refusing.eval")[1:3] == ["refused", "refused"]


def test_epochs_are_told_apart() -> None:
    samples, _ = read(opened((LOGS / "epochs.eval").read_bytes()))

    assert len({(one.item, one.epoch) for one in samples}) == 12


def test_of_a_killed_run_the_samples_that_were_written_are_recovered() -> None:
    log = opened((LOGS / "cancelled.eval").read_bytes())
    samples, _ = read(log)

    assert (log.head.is_whole, log.head.status) == (False, "started")
    assert (log.recovered, len(log.head.expected)) == (len(samples), 6)
    assert 0 < log.recovered < 6


def test_the_json_format_gives_the_same_samples() -> None:
    document, _ = read(eval_log.loads((LOGS / "document.json").read_bytes()))
    zipped, _ = read(opened((LOGS / "plain.eval").read_bytes()))

    assert [(one.item, one.told, one.answer) for one in document] == [
        (one.item, one.told, one.answer) for one in zipped
    ]


def test_neither_the_endpoints_address_nor_arguments_are_kept() -> None:
    told = {field.name for field in dataclasses.fields(eval_log.EvalLog)}

    assert not told & {"model_base_url", "model_args", "task_args", "task_file", "revision"}


def test_a_log_says_when_somebody_changed_it_afterwards() -> None:
    files = changed(PLAIN, "header.json", lambda head: head.update(log_updates=[{"edits": []}]))

    assert opened(packed(files)).head.was_edited


@pytest.mark.parametrize("part", [0.1, 0.5, 0.9, 0.999])
def test_a_log_cut_short_is_refused(part: float) -> None:
    whole = (LOGS / "plain.eval").read_bytes()

    assert refusal_of(whole[: int(len(whole) * part)]).code in ("zip-structure", "truncated")


@given(st.data())
def test_a_log_with_one_byte_changed_gives_the_same_samples_or_says_where_it_is_damaged(data: st.DataObject) -> None:
    whole = (LOGS / "plain.eval").read_bytes()
    at = data.draw(st.integers(0, len(whole) - 1))
    broken = whole[:at] + bytes([whole[at] ^ data.draw(st.integers(1, 255))]) + whole[at + 1 :]

    try:
        samples, refusals = read(opened(broken))
    except Refused:
        return

    assert {(one.item, one.digest) for one in samples} <= WHOLE
    assert len(samples) + len(refusals) == 6


WHOLE = {(one.item, one.digest) for one in read(opened((LOGS / "plain.eval").read_bytes()))[0]}


def test_a_bomb_is_refused_before_it_costs_anything() -> None:
    bomb = packed({**PLAIN, FIRST: b" " * 20_000_000})
    small = Limits(max_inflated_bytes=1_000_000)

    with pytest.raises(Refused) as caught:
        Archive(io.BytesIO(bomb), "log.eval", small)

    assert caught.value.refusal.code == "inflates-too-large"


def test_a_sample_larger_than_one_may_be_is_refused_and_the_others_are_read(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(eval_log, "MOST_SAMPLE", 7_000)
    files = changed(PLAIN, FIRST, lambda one: one.update(store={"much": "x" * 7_000}))

    samples, refusals = read(opened(packed(files)))

    assert (len(samples), [one.code for one in refusals]) == (5, ["too-large"])
    assert refusals[0].place == f"member {FIRST}"


def test_a_score_that_the_summary_tells_otherwise_is_refused() -> None:
    files = changed(PLAIN, FIRST, lambda one: one["scores"]["match"].update(value="I"))

    samples, refusals = read(opened(packed(files)))

    assert (len(samples), [one.code for one in refusals]) == (5, ["told-otherwise"])


def test_a_sample_that_was_put_in_later_is_refused() -> None:
    added = changed(PLAIN, FIRST, lambda one: one.update(id="patch.traversal.9.9", uuid="new"))
    files = {**PLAIN, "samples/patch.traversal.9.9_epoch_1.json": added[FIRST]}

    _, refusals = read(opened(packed(files)))

    assert [one.code for one in refusals] == ["told-otherwise"]


def test_a_score_edited_after_the_run_is_refused() -> None:
    edit = {"value": "C", "provenance": {"author": "somebody"}}
    files = retold(PLAIN, lambda one: one["scores"]["match"].update(value="C", history=[edit]))

    _, refusals = read(opened(packed(files)))

    assert [one.code for one in refusals] == ["score-edited"]
    assert refusals[0].place == f"member {FIRST}: /scores/match/history"


def test_a_sample_that_stands_in_the_log_twice_counts_once() -> None:
    files = {**PLAIN, "samples/again.json": PLAIN[FIRST]}

    samples, refusals = read(opened(packed(files)))

    assert (len(samples), [one.code for one in refusals]) == (6, ["twice"])


def test_a_journal_of_another_run_is_refused() -> None:
    files = changed(PLAIN, "_journal/start.json", lambda start: start["eval"].update(eval_id="another"))

    assert refusal_of(packed(files)).code == "two-logs"


def test_another_version_of_logs_is_refused_and_not_guessed() -> None:
    files = changed(PLAIN, "header.json", lambda head: head.update(version=3))

    assert refusal_of(packed(files)).code == "unsupported-version"


def test_a_zip_that_is_no_log_is_refused() -> None:
    assert refusal_of(packed({"a.txt": b"x"})).code == "no-log"


def test_inspects_own_sign_for_not_scored_is_no_score() -> None:
    files = retold(PLAIN, lambda one: one["scores"]["match"].update(value=None))
    odd = {name: content.replace(b'"value":null', b'"value":NaN') for name, content in files.items()}

    samples, refusals = read(opened(packed(odd)))

    assert refusals == []
    assert (samples[0].told.solved, samples[0].credit) == (None, None)


def test_what_a_program_printed_may_hold_nul() -> None:
    files = changed(PLAIN, FIRST, lambda one: one["output"].update(completion="a@b"))
    odd = {name: content.replace(b"a@b", b"a\\u0000b \\\\u0000 NaN") for name, content in files.items()}

    samples, refusals = read(opened(packed(odd)))

    assert refusals == []
    assert len(samples) == 6


json_values = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**60), 2**60) | st.floats() | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=8,
)


@given(
    json_values,
    st.sampled_from(
        [
            "id",
            "epoch",
            "scores",
            "output",
            "events",
            "model_usage",
            "limit",
            "messages",
            "uuid",
            "error_retries",
            "started_at",
            "total_time",
        ]
    ),
)
def test_whatever_stands_in_a_field_of_a_sample_it_is_read_or_refused_with_its_place(value: Any, key: str) -> None:
    sample = strictjson.loads(PLAIN[FIRST])
    sample[key] = value
    files = {**PLAIN, FIRST: json.dumps(sample).encode("utf-8", "surrogatepass")}

    samples, refusals = read(opened(packed(files)))

    assert len(samples) + len(refusals) == 6
    assert all(one.place.startswith(f"member {FIRST}") for one in refusals)


@given(json_values, st.sampled_from(["eval", "plan", "stats", "status", "version", "log_updates"]))
def test_whatever_stands_in_the_head_it_is_read_or_refused(value: Any, key: str) -> None:
    head = strictjson.loads(PLAIN["header.json"])
    head[key] = value

    with suppress(Refused):
        assert opened(packed({**PLAIN, "header.json": json.dumps(head).encode("utf-8", "surrogatepass")})).head.task


@pytest.mark.parametrize(
    ("value", "credit"),
    [
        ("C", 1.0),
        ("I", 0.0),
        ("P", 0.5),
        (True, 1.0),
        (0.25, 0.25),
        (2, None),
        (-1, None),
        ("x", None),
        ({"a": 1}, None),
        ([1], None),
        (None, None),
    ],
)
def test_a_scores_value_is_credit_from_nothing_to_one_or_no_score(value: Any, credit: float | None) -> None:
    assert credit_of(value) == credit


def test_a_scorer_of_ours_says_itself_what_is_solved_and_what_is_a_refusal() -> None:
    own = {"value": 0.8, "metadata": {"solved": False, "refused": True}}
    files = retold(PLAIN, lambda one: one["scores"]["match"].update(own))

    samples, _ = read(opened(packed(files)))

    assert (samples[0].told.solved, samples[0].told.declined, samples[0].credit) == (False, True, 0.8)


def test_the_authored_logs_name_nothing_of_the_machine_they_were_made_on() -> None:
    for path in LOGS.iterdir():
        texts = files_of(path.name).values() if path.suffix == ".eval" else [path.read_bytes()]
        for text in texts:
            assert not any(word in text for word in (b"/tmp/", b"site-packages", b"Traceback (most", b"/home/"))


def test_zstd_members_are_read_with_the_same_bounds_as_others() -> None:
    with (LOGS / "plain.eval").open("rb") as file:
        assert {info.compress_type for info in zipfile.ZipFile(file).infolist()} == {93}
        archive = Archive(file, "plain.eval", EVAL_LOG)
        with pytest.raises(Refused) as caught:
            archive.read("header.json", most=10)

    assert caught.value.refusal.code == "too-large"


def timed_out(cut_after: float, answered_in: float, *, kind: str = "time", working: float = 60.0) -> str:
    """Return the outcome of a sample that ran out of its minute while a call was open, after one that was answered."""

    def change(sample: Any) -> None:
        [first] = [one for one in sample["events"] if one["event"] == "model"]
        answered = first | {"timestamp": at(0), "completed": at(answered_in)}
        cut = first | {"timestamp": at(60 - cut_after), "completed": None, "error": "model call cancelled"}
        sample["events"] = [one for one in sample["events"] if one["event"] != "model"] + [answered, cut]
        sample |= {"limit": {"type": kind, "limit": 60}, "total_time": 60.0, "working_time": working}
        sample |= {"started_at": at(0), "completed_at": at(60)}
        sample["scores"]["match"]["value"] = "I"

    samples, _ = read(opened(packed(retold(PLAIN, change))))
    return outcome_of(samples[0].told, names=PROTOCOL.model.names).value


def at(seconds: float) -> str:
    return f"2026-11-28T12:{int(seconds // 60):02}:{seconds % 60:06.3f}+00:00"


@pytest.mark.parametrize(
    ("cut_after", "answered_in", "outcome"),
    [(50, 5, "infrastructure"), (16, 5, "infrastructure"), (10, 5, "limit"), (29, 30, "limit")],
)
def test_a_call_that_hung_far_longer_than_any_answer_took_is_no_inability(
    cut_after: float, answered_in: float, outcome: str
) -> None:
    assert timed_out(cut_after, answered_in) == outcome


def test_time_that_went_by_between_calls_that_were_tried_again_is_no_inability() -> None:
    assert timed_out(10, 5, working=20.0) == "infrastructure"
    assert timed_out(10, 5, working=40.0) == "limit"
    assert timed_out(10, 5, kind="working", working=20.0) == "limit"


def test_another_limit_than_time_says_nothing_of_the_endpoint() -> None:
    assert timed_out(50, 5, kind="token") == "limit"
