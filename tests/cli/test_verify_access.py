"""Does a developer, with code of their own, find every change to the log of who touched their model, and where?"""

import ast
import copy
import hashlib
import io
import random
import sys
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.cli.access_log import ENGAGEMENT, ENTRIES, OURS, THEIRS, head_after, journal, public, written

from watchbell.cli import main as command
from watchbell.cli import verify_access
from watchbell.cli.verify_access import Kept, Verdict, anchors_in, verify_file, verify_log
from watchbell.formats import strictjson

LOG = written()
CALL = {"at": "2026-11-04T14:00:00.000000Z", "what": "call.turned_away", "code": "budget-spent"}

TEXTS = st.text(st.characters(exclude_categories=["Cs"]), max_size=12)
SCALARS = TEXTS | st.none() | st.booleans() | st.integers(-(2**53) + 1, 2**53 - 1)
ENTRY = st.dictionaries(st.from_regex(r"[a-z_]{1,8}", fullmatch=True), SCALARS, max_size=4)
CHAINS = st.from_regex(r"[ -~]{1,12}", fullmatch=True)
LOGS = st.dictionaries(CHAINS, st.lists(ENTRY, max_size=4), max_size=4)


def verdict(lines: list[bytes], **known: Any) -> Verdict:
    return verify_log(io.BytesIO(b"".join(lines)), **known)


def kept(lines: list[bytes]) -> Kept:
    found = verdict(lines).kept
    assert found is not None
    return found


def anchored(*anchors: tuple[str, int, str], **where: str) -> dict[str, Any]:
    return {"anchors": anchors_in(io.BytesIO(b"".join(journal(*anchors, **where))))}


def more(**added: list[dict[str, Any]]) -> dict[str, list[Any]]:
    """Return the entries with some more at the end of their chains."""
    found = {chain: list(entries) for chain, entries in ENTRIES.items()}
    for chain, entries in added.items():
        found.setdefault(chain, []).extend(entries)
    return found


def line_of(chain: str, seq: int, entries: dict[str, list[Any]]) -> int:
    return 2 + sum(len(entries[one]) for one in entries if one < chain) + seq


# ---- on its own


def test_a_log_that_nobody_touched_holds_and_says_who_signed_it() -> None:
    found = verdict(LOG, trusted=[public(OURS)])

    assert found.holds
    assert found.checked == 3
    assert str(found).startswith(f"The access log holds: all 3 entries of 2 chains about engagement {ENGAGEMENT}.")
    assert found.keys == {public(OURS)}


@given(LOGS)
def test_any_log_as_the_page_describes_it_holds(entries: dict[str, list[Any]]) -> None:
    found = verdict(written(entries))

    assert found.holds, found.text
    assert found.checked == sum(map(len, entries.values()))


def test_every_flipped_bit_is_found_on_its_line() -> None:
    small = written({"calls": [CALL, {"what": "é"}]})
    assert len(b"".join(small)) < 1200

    for number, line in enumerate(small, start=1):
        for bit in range(8 * len(line)):
            flipped = bytearray(line)
            flipped[bit // 8] ^= 1 << bit % 8
            found = verdict([*small[: number - 1], bytes(flipped), *small[number:]])

            assert found.first_bad == number, (number, bit)


@given(LOGS.filter(lambda one: any(one.values())), st.data())
def test_lines_deleted_inserted_swapped_or_cut_off_are_found_where_it_happened(
    entries: dict[str, list[Any]], data: st.DataObject
) -> None:
    log = written(entries)
    lines, places = list(log), st.integers(0, len(log) - 1)
    first = data.draw(places)
    match data.draw(st.sampled_from(["delete", "insert", "swap", "truncate"])):
        case "delete":
            del lines[first]
            expected = first + 1
        case "insert":
            source = data.draw(places)
            lines.insert(first, log[source])
            expected = first + 2 if source == first else first + 1
        case "swap":
            second = data.draw(places.filter(lambda place: place != first))
            lines[first], lines[second] = lines[second], lines[first]
            expected = min(first, second) + 1
        case _:
            lines = lines[:first]
            expected = first + 1

    assert verdict(lines).first_bad == expected


def test_what_is_added_behind_the_end_is_found() -> None:
    assert verdict([*LOG, LOG[-1]]).first_bad == 5
    assert verdict([*LOG, b"\n"]).first_bad == 5
    assert verdict([*written({}), b" "]).first_bad == 2
    assert verdict([*written({}), *written({})]).first_bad == 2


def test_a_log_cut_anywhere_is_found_on_the_line_where_it_was_cut() -> None:
    whole = b"".join(LOG)

    for length in range(len(whole)):
        assert verdict([whole[:length]]).first_bad == whole[:length].count(b"\n") + 1


@given(LOGS.filter(lambda one: any(one.values())), st.data())
def test_an_entry_rewritten_with_all_hashes_after_it_is_found_at_the_head_that_was_signed(
    entries: dict[str, list[Any]], data: st.DataObject
) -> None:
    chain = data.draw(st.sampled_from(sorted(one for one in entries if entries[one])))
    forged = copy.deepcopy(entries)
    forged[chain][data.draw(st.integers(0, len(forged[chain]) - 1))]["forged"] = 1

    found = verdict([written(entries)[0], *written(forged)[1:]])

    assert found.first_bad == line_of(chain, len(entries[chain]) - 1, entries)
    assert "does not end in the head that was signed" in found.text


def test_a_head_replaced_in_the_first_line_is_found_there_or_when_it_was_signed_anew_at_the_chains_end() -> None:
    true = head_after(2, "calls-1")
    unsigned = LOG[0].replace(true.encode(), b"7" * 64)
    chains = [{"chain": "calls-1", "size": 2, "head": "7" * 64}, strictjson.loads(LOG[0])["chains"][1]]

    assert verdict([unsigned, *LOG[1:]]).first_bad == 1
    assert verdict(written(chains=chains)).first_bad == 3


def test_a_log_signed_by_somebody_else_is_refused_by_who_knows_the_key() -> None:
    forged = written(by=THEIRS)
    borrowed = [forged[0].replace(public(THEIRS).encode(), public(OURS).encode()), *forged[1:]]

    assert verdict(forged).holds
    assert verdict(forged, trusted=[public(OURS)]).first_bad == 1
    assert verdict(borrowed, trusted=[public(OURS)]).first_bad == 1
    assert "signature does not fit" in verdict(borrowed).text


SIZES = [{"chain": "calls-1", "size": 2, "head": head_after(2, "calls-1")}]
BROKEN = {
    "another type": {"type": "watchbell-access-log-2"},
    "no moment": {"made_at": "yesterday"},
    "an engagement's name": {"engagement": "Meridian"},
    "a key that is no name": {"key": 5},
    "lines that do not add up": {"lines": 4},
    "lines that are a truth": {"lines": True},
    "chains out of order": {"chains": list(reversed(strictjson.loads(LOG[0])["chains"]))},
    "a chain named twice": {"chains": [*SIZES, *SIZES], "lines": 4},
    "a chain without a name": {"chains": [{"chain": "", "size": 0, "head": "0" * 64}], "lines": 0},
    "a chain beyond ASCII": {"chains": [{"chain": "é", "size": 0, "head": "0" * 64}], "lines": 0},
    "a head of no entries": {"chains": [{"chain": "a", "size": 0, "head": "5" * 64}], "lines": 0},
    "a chain with more to it": {"chains": [{**SIZES[0], "root": "5" * 64}], "lines": 2},
    "chains that are no list": {"chains": {}, "lines": 0},
    "something new": {"note": "hello"},
}


@pytest.mark.parametrize("header", BROKEN.values(), ids=BROKEN)
def test_a_first_line_that_makes_no_sense_is_refused_though_it_was_signed(header: dict[str, Any]) -> None:
    assert verdict(written(**header)).first_bad == 1


@pytest.mark.parametrize("entry", [{"a": 0.5}, {"a": []}, {"a": {}}, {"é": 1}, {"a": 2**53}, {"a": -(2**53)}], ids=repr)
def test_an_entry_that_not_every_reader_reads_alike_is_refused(entry: dict[str, Any]) -> None:
    careless = written({"a": [CALL, entry]}, write=verify_access.plain)

    assert verdict(careless).first_bad == 3


@pytest.mark.parametrize("entry", [None, 5, "call.admitted", [CALL]])
def test_an_entry_that_is_no_object_is_refused(entry: Any) -> None:
    line = strictjson.loads(LOG[1])
    commitment = hashlib.sha256(strictjson.dumps(entry)).digest()
    line |= {"entry": entry, "hash": hashlib.sha256(bytes(32) + commitment).hexdigest()}

    assert "is not an object" in verdict([LOG[0], strictjson.dumps(line) + b"\n"]).text


@pytest.mark.parametrize("lines", [[], [b"\n"], [b"{}\n"], [b"[" * 100_000 + b"\n"], [b"x" * (1 << 21)]])
def test_what_is_no_log_is_refused_at_its_first_line(lines: list[bytes]) -> None:
    assert verdict(lines).first_bad == 1


# ---- against an earlier log of the same engagement


@given(LOGS, st.data())
def test_a_log_that_only_grew_begins_with_every_earlier_one(entries: dict[str, list[Any]], data: st.DataObject) -> None:
    shorter = {chain: each[: data.draw(st.integers(0, len(each)))] for chain, each in entries.items()}
    without = {chain: each for chain, each in shorter.items() if each or data.draw(st.booleans())}

    found = verdict(written(entries), earlier=kept(written(without)))

    assert found.holds, found.text


@given(LOGS.filter(lambda one: any(one.values())), st.data())
def test_a_fork_is_named_at_the_first_entry_that_is_another_one(
    entries: dict[str, list[Any]], data: st.DataObject
) -> None:
    chain = data.draw(st.sampled_from(sorted(one for one in entries if entries[one])))
    seq = data.draw(st.integers(0, len(entries[chain]) - 1))
    forged = copy.deepcopy(entries)
    forged[chain][seq]["forged"] = 1

    found = verdict(written(forged), earlier=kept(written(entries)))

    assert verdict(written(forged)).holds
    assert found.first_bad == line_of(chain, seq, entries)
    assert f"entry {seq} of chain {chain} is another one than in the earlier log" in found.text


@given(LOGS.filter(lambda one: any(one.values())), st.data())
def test_what_an_earlier_log_held_and_a_later_one_leaves_out_is_named_where_it_would_stand(
    entries: dict[str, list[Any]], data: st.DataObject
) -> None:
    chain = data.draw(st.sampled_from(sorted(one for one in entries if entries[one])))
    left = data.draw(st.integers(0, len(entries[chain]) - 1))
    shorter = {**entries, chain: entries[chain][:left]}
    if not left and data.draw(st.booleans()):
        del shorter[chain]

    found = verdict(written(shorter), earlier=kept(written(entries)))

    assert verdict(written(shorter)).holds
    assert found.first_bad == line_of(chain, left, entries)
    assert f"of chain {chain}, from here on missing" in found.text


def test_an_earlier_log_of_another_engagement_proves_nothing() -> None:
    assert verdict(LOG, earlier=kept(written(engagement="f" * 32))).first_bad == 1


# ---- against the developer's own journal


def test_anchors_in_a_journal_that_fit_are_counted() -> None:
    known = anchored(
        ("calls-1", 0, "0" * 64), ("calls-1", 1, head_after(1, "calls-1")), ("openings", 1, head_after(1, "openings"))
    )

    found = verdict(written(more(openings=[CALL])), **known)

    assert found.holds, found.text
    assert "3 anchors in the journal agree" in found.text


@pytest.mark.parametrize(
    ("anchor", "line"),
    [
        (("calls-1", 1, "5" * 64), 2),
        (("calls-1", 2, head_after(1, "calls-1")), 3),
        (("calls-1", 3, "5" * 64), 4),
        (("openings", 1, head_after(1, "calls-1")), 4),
        (("openings", 2, "5" * 64), 5),
        (("a", 1, "5" * 64), 2),
        (("calls-2", 1, "5" * 64), 4),
        (("zz", 1, "5" * 64), 5),
        (("calls-1", 0, "5" * 64), 1),
    ],
)
def test_an_anchor_that_does_not_fit_is_named_at_the_line_it_speaks_of(anchor: tuple[str, int, str], line: int) -> None:
    found = verdict(LOG, **anchored(anchor))

    assert found.first_bad == line
    assert "the journal anchors" in found.text


def test_a_whole_log_made_anew_by_who_holds_the_key_is_found_by_the_journal() -> None:
    forged = more(openings=[CALL])
    forged["calls-1"] = [forged["calls-1"][0], CALL]

    found = verdict(written(forged), **anchored(("calls-1", 2, head_after(2, "calls-1"))))

    assert verdict(written(forged)).holds
    assert found.first_bad == 3


def test_two_anchors_that_contradict_each_other_cannot_both_fit() -> None:
    known = anchored(("calls-1", 1, head_after(1, "calls-1")), ("calls-1", 1, "5" * 64))

    assert verdict(LOG, **known).first_bad == 2


def test_anchors_of_another_engagement_are_not_this_ones() -> None:
    found = verdict(LOG, **anchored(("calls-1", 1, "5" * 64), engagement="f" * 32))

    assert found.holds
    assert "0 anchors in the journal agree" in found.text


@pytest.mark.parametrize("anchor", [("calls-1", "many", "5" * 64), ("", 1, "5" * 64), ("calls-1", 1, "5")])
def test_an_anchor_that_cannot_be_read_is_no_reason_to_believe_the_log(anchor: tuple[Any, Any, Any]) -> None:
    with pytest.raises(verify_access.Bad, match="line 3 of the journal"):
        anchored(anchor)


@pytest.mark.parametrize("part", ["subject", "facts", "digests"])
def test_an_anchor_that_lacks_a_part_is_named_by_its_line(part: str) -> None:
    lines = journal(("calls-1", 1, head_after(1, "calls-1")))
    entry = strictjson.loads(lines[2])["entry"]
    del entry[part]

    with pytest.raises(verify_access.Bad, match="line 3 of the journal: the anchor is not whole"):
        anchors_in(io.BytesIO(b"".join([*lines[:2], strictjson.dumps({"entry": entry}) + b"\n"])))


# ---- the command


@pytest.fixture
def files(tmp_path: Path) -> dict[str, str]:
    dice = random.Random(5)
    lines = {
        "now": written(more(openings=[CALL])),
        "before": LOG,
        "cut": LOG[:-1],
        "flipped": [*LOG[:2], LOG[2].replace(b"12", b"13", 1), *LOG[3:]],
        "noise": [dice.randbytes(200)],
    }
    for name, content in lines.items():
        (tmp_path / name).write_bytes(b"".join(content))
    return {name: str(tmp_path / name) for name in lines}


def run(*words: str) -> int:
    try:
        command.main(words)
    except SystemExit as ended:
        return int(ended.code or 0)
    return 0


def test_journal_verify_knows_an_access_log_by_its_first_line(
    files: dict[str, str], capsys: pytest.CaptureFixture[str]
) -> None:
    codes = [
        run("journal", "verify", files["now"], "--earlier", files["before"], "--key", public(OURS)),
        run("journal", "verify", files["before"], "--earlier", files["now"]),
        run("journal", "verify", files["now"], "--earlier", files["cut"]),
        run("journal", "verify", files["flipped"]),
        run("journal", "verify", files["now"], "--key", public(THEIRS)),
        run("journal", "verify", files["noise"]),
    ]

    said = capsys.readouterr().out.splitlines()
    assert codes == [0, 1, 1, 1, 1, 1]
    assert "it begins with the earlier log's 3" in said[0]
    assert "NOT hold at line 5: the earlier log held 2 entries of chain openings" in said[1]
    assert "NOT hold at line 4" in said[2]
    assert "in the earlier log" in said[2]
    assert "NOT hold at line 3" in said[3]
    assert "not one you trust" in said[4]
    assert said[5].startswith("The journal does NOT hold at line 1")


def test_a_program_reads_where_a_log_does_not_hold(files: dict[str, str], capsys: pytest.CaptureFixture[str]) -> None:
    code = run("journal", "verify", files["flipped"], "--json")

    answer = strictjson.loads(capsys.readouterr().out)
    assert code == 1
    assert (answer["holds"], answer["checked"], answer["first_bad"]) == (False, 1, 3)


def test_a_journal_that_does_not_hold_itself_speaks_for_no_log(
    files: dict[str, str], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "journal").write_bytes(b"".join(journal(("calls-1", 1, "5" * 64))))

    code = run("journal", "verify", files["now"], "--journal", str(tmp_path / "journal"))

    assert code == 1
    assert capsys.readouterr().out.startswith("The journal does NOT hold at line 1")


def test_a_journal_is_asked_about_an_access_log_only(files: dict[str, str], capsys: pytest.CaptureFixture[str]) -> None:
    code = run("journal", "verify", files["noise"], "--journal", files["noise"])

    assert code == 2
    assert "--journal goes with an access log" in capsys.readouterr().err


def test_the_verifier_runs_by_itself(files: dict[str, str], tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "journal").write_bytes(b"".join(journal(("calls-1", 1, head_after(1, "calls-1")))))

    codes = [
        verify_access.main([files["now"], "--earlier", files["before"], "--journal", str(tmp_path / "journal")]),
        verify_access.main([files["flipped"]]),
        verify_access.main([files["now"], "--earlier", files["flipped"]]),
        verify_access.main([str(tmp_path / "none")]),
        verify_access.main([files["now"], "--journal", files["noise"]]),
    ]

    assert codes == [0, 1, 1, 2, 2]
    assert "1 anchors in the journal agree" in capsys.readouterr().out


def test_the_verifier_knows_nothing_of_ours_and_nothing_but_the_standard_library_and_one_package() -> None:
    tree = ast.parse(Path(verify_access.__file__).read_text(encoding="utf-8"))
    named = {one.module or "" for one in ast.walk(tree) if isinstance(one, ast.ImportFrom)}
    named |= {name.name for one in ast.walk(tree) if isinstance(one, ast.Import) for name in one.names}

    assert {name.split(".")[0] for name in named} <= sys.stdlib_module_names | {"cryptography"}


def test_a_file_is_read_with_what_was_kept(files: dict[str, str]) -> None:
    assert verify_file(Path(files["now"]), trusted=[public(OURS)], earlier=Path(files["before"])).holds
