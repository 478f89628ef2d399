"""Under which keys do reports meet, and which become one group? Whatever the order; what was withdrawn never was."""

from hypothesis import given, settings
from hypothesis import strategies as st

from watchbell.domain.advisory import Claim, ClaimedProduct, Location
from watchbell.domain.duplicates.groups import COMMONEST, Group, grouped
from watchbell.domain.duplicates.keys import Mark, Rung, context_hash, key, marks_of, path_key, product_key

PUMP = ClaimedProduct(purl="pkg:pypi/Pump_Control@1.2.0")


def claim(**changed: object) -> Claim:
    said = {
        "submitter_item_id": "one",
        "title": "Reads past its end",
        "products": (PUMP,),
        "locations": (Location(uri="src/read.c", line=12, symbol="read_frame"),),
        "cwes": ("CWE-125",),
    }
    return Claim(**(said | changed))  # type: ignore[arg-type]


def met(one: Claim, other: Claim, submitters: tuple[str, str] = ("ann", "bob")) -> set[Rung]:
    """Return the rungs on which two claims meet."""
    first = {(mark.rung, mark.key) for mark in marks_of("a", one, submitter=submitters[0])}
    second = {(mark.rung, mark.key) for mark in marks_of("b", other, submitter=submitters[1])}
    return {rung for rung, _ in first & second}


def group_of(report: str, groups: frozenset[Group]) -> Group:
    (found,) = [group for group in groups if report in group.reports]
    return found


def test_one_finders_own_id_is_a_key_and_another_finders_is_not() -> None:
    assert Rung.SUBMITTER_ID in met(claim(), claim(title="Reworded"), ("ann", "ann"))
    assert Rung.SUBMITTER_ID not in met(claim(), claim(title="Reworded"), ("ann", "bob"))


def test_the_same_words_meet_whatever_the_finder_calls_them() -> None:
    assert Rung.CONTENT in met(claim(), claim(submitter_item_id="two"))
    assert Rung.CONTENT not in met(claim(), claim(title="Reads past its beginning"))


def test_a_flaw_that_moved_to_another_line_has_the_same_cause() -> None:
    moved = claim(title="Overread", locations=(Location(uri=r".\src\read.c", line=90, symbol="read_frame"),))

    assert Rung.CAUSE in met(claim(), moved)


def test_another_function_of_the_same_file_meets_only_as_a_suggestion() -> None:
    other = claim(title="Overread", locations=(Location(uri="src/read.c", symbol="read_header"),))

    assert met(claim(), other) == {Rung.PLACE}
    assert not Rung.PLACE.joins


def test_a_tools_fingerprint_counts_only_with_the_product_and_the_file() -> None:
    seen = claim(fingerprints=(("primaryLocationLineHash", "39fa2ee980eb94b0:1"),))
    elsewhere = claim(products=(ClaimedProduct(purl="pkg:pypi/other"),), fingerprints=seen.fingerprints)

    assert Rung.CAUSE in met(seen, claim(title="Again", fingerprints=seen.fingerprints))
    assert Rung.CAUSE not in met(seen, elsewhere)


def test_code_that_moved_and_was_indented_anew_is_the_same_code() -> None:
    assert context_hash("if (n > len)\n    return;\n") == context_hash("\n\n\tif (n > len)\r\n\treturn;")
    assert context_hash(" \n") == ""


def test_products_and_paths_have_one_spelling() -> None:
    assert product_key(PUMP) == product_key(ClaimedProduct(purl="pkg:pypi/pump-control"))
    assert product_key(ClaimedProduct(repository="https://git.example/Org/Pump.git")) == product_key(
        ClaimedProduct(repository="git@git.example:org/pump")
    )
    assert {path_key(one) for one in ("./a//b.c", "a/b.c", "file:///a/b.c", r"C:\a\b.c", "../a/x/../b.c")} == {"a/b.c"}
    assert path_key("") == path_key(".") == ""


def test_a_claim_that_names_no_product_has_neither_cause_nor_place() -> None:
    assert {mark.rung for mark in marks_of("a", claim(products=()), submitter="ann")} == {
        Rung.SUBMITTER_ID,
        Rung.CONTENT,
    }


def test_the_end_of_one_field_is_never_the_beginning_of_the_next() -> None:
    assert key("content", ["SQL injection", "8", "91"]) != key("content", ["SQL injection", "89", "1"])
    assert key("a", "b") != key("ab", "")


def alias(report: str, name: str) -> Mark:
    return Mark(report, Rung.ALIAS, name, "ann")


def cause(report: str, text: str) -> Mark:
    return Mark(report, Rung.CAUSE, text, "ladder 1")


def test_reports_that_meet_are_one_group_and_each_says_how_surely() -> None:
    marks = [cause("a", "k"), cause("b", "k"), Mark("b", Rung.CONTENT, "c", ""), Mark("c", Rung.CONTENT, "c", "")]

    (group,) = grouped(marks)

    assert group.reports == {"a", "b", "c"}
    assert group.surest == {"a": Rung.CAUSE, "b": Rung.CONTENT, "c": Rung.CONTENT}


def test_two_cves_are_never_one_group_though_their_reports_share_a_cause() -> None:
    groups = grouped([alias("a", "CVE-2026-0001"), alias("b", "CVE-2026-0002"), cause("a", "k"), cause("b", "k")])

    assert group_of("a", groups).cve == "CVE-2026-0001"
    assert group_of("b", groups).reports == {"b"}


def test_a_report_between_two_cves_is_an_umbrella_over_both() -> None:
    both = [alias("a", "CVE-2026-0001"), alias("b", "CVE-2026-0002"), cause("a", "k"), cause("b", "k"), cause("c", "k")]

    group = group_of("c", grouped(both))

    assert group.reports == {"c"}
    assert group.umbrella_of == {"CVE-2026-0001", "CVE-2026-0002"}


def test_a_cause_that_hundreds_share_joins_none_of_them() -> None:
    marks = [cause(f"r{at}", "k") for at in range(COMMONEST + 1)]

    assert {len(group.reports) for group in grouped(marks)} == {1}
    assert len(grouped(marks[:-1])) == 1


def test_a_mere_place_joins_nobody_and_a_report_without_marks_stands_alone() -> None:
    marks = [Mark("a", Rung.PLACE, "p", ""), Mark("b", Rung.PLACE, "p", "")]

    assert {group.reports for group in grouped(marks, ["c"])} == {frozenset("a"), frozenset("b"), frozenset("c")}


REPORTS = st.sampled_from("abcdefgh")
MARKS = st.lists(
    st.builds(
        Mark,
        report=REPORTS,
        rung=st.sampled_from(Rung),
        key=st.sampled_from(["k", "l", "m", "CVE-2026-0001", "CVE-2026-0002", "GHSA-1"]),
        asserter=st.sampled_from(["ann", "bob"]),
    ),
    max_size=24,
)


@given(MARKS, st.randoms(use_true_random=False))
@settings(max_examples=150)
def test_the_groups_depend_only_on_what_is_asserted_never_on_the_order(marks: list[Mark], chance) -> None:  # type: ignore[no-untyped-def]
    shuffled = [*marks, *marks[:3]]
    chance.shuffle(shuffled)

    assert grouped(shuffled) == grouped(marks)


@given(MARKS, MARKS)
@settings(max_examples=150)
def test_what_is_withdrawn_leaves_no_trace(kept: list[Mark], withdrawn: list[Mark]) -> None:
    everyone = {mark.report for mark in kept + withdrawn}
    grouped(kept + withdrawn, everyone)

    left = [mark for mark in kept + withdrawn if mark not in set(withdrawn) - set(kept)]

    assert grouped(left, everyone) == grouped(kept, everyone)


@given(MARKS)
@settings(max_examples=150)
def test_each_report_is_in_one_group_and_no_group_has_two_cves(marks: list[Mark]) -> None:
    groups = grouped(marks)

    members = [name for group in groups for name in group.reports]
    assert sorted(members) == sorted({mark.report for mark in marks})
    for group in groups:
        cves = {mark.key for mark in group.marks if mark.rung is Rung.ALIAS and mark.key.startswith("CVE")}
        assert group.umbrella_of >= cves or cves == {group.cve}
