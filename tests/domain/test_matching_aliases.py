"""Which ids mean one vulnerability? Whatever is asserted, two CVEs are never one."""

from hypothesis import given, settings
from hypothesis import strategies as st

from watchbell.domain.matching.aliases import AliasGroup, Assertion, canonical_id, groups_of, is_cve


def said(*pairs: tuple[str, str]) -> frozenset[Assertion]:
    return frozenset(Assertion(asserter=one, id=one, alias=other) for one, other in pairs)


def group_with(name: str, groups: frozenset[AliasGroup]) -> AliasGroup:
    (found,) = [group for group in groups if name in group.ids]
    return found


def test_records_that_name_one_cve_are_one_group_shown_under_the_cve() -> None:
    groups = groups_of(said(("GHSA-1", "CVE-2024-0001"), ("PYSEC-1", "CVE-2024-0001"), ("PYSEC-1", "GHSA-1")))

    (group,) = groups
    assert group.ids == {"GHSA-1", "PYSEC-1", "CVE-2024-0001"}
    assert (group.display_id, group.umbrella_of) == ("CVE-2024-0001", frozenset())
    assert len(group.assertions) == 3


def test_a_record_that_names_several_cves_is_an_umbrella_over_them_and_merges_none() -> None:
    groups = groups_of(
        said(("RUSTSEC-1", "CVE-2020-0001"), ("RUSTSEC-1", "CVE-2020-0002"), ("GHSA-1", "CVE-2020-0001"))
    )

    umbrella = group_with("RUSTSEC-1", groups)
    assert umbrella.ids == {"RUSTSEC-1"}
    assert umbrella.display_id == "RUSTSEC-1"
    assert umbrella.umbrella_of == {"CVE-2020-0001", "CVE-2020-0002"}
    assert group_with("GHSA-1", groups).cve == "CVE-2020-0001"
    assert len(groups) == 3


def test_a_record_without_a_cve_joins_the_one_its_alias_belongs_to() -> None:
    groups = groups_of(said(("GO-1", "GHSA-1"), ("GHSA-1", "CVE-2024-0001")))

    assert group_with("GO-1", groups).cve == "CVE-2024-0001"


def test_a_record_between_two_cves_joins_neither_but_is_linked_to_both() -> None:
    groups = groups_of(
        said(("GO-1", "GHSA-1"), ("GO-1", "GHSA-2"), ("GHSA-1", "CVE-2024-0001"), ("GHSA-2", "CVE-2024-0002"))
    )

    assert group_with("GO-1", groups).ids == {"GO-1"}
    assert group_with("GO-1", groups).umbrella_of == {"CVE-2024-0001", "CVE-2024-0002"}


def test_two_records_that_name_the_same_cves_and_each_other_are_one_umbrella() -> None:
    pairs = [("GHSA-1", "CVE-2020-0001"), ("GHSA-1", "CVE-2020-0002")]
    pairs += [("RUSTSEC-1", "CVE-2020-0001"), ("RUSTSEC-1", "CVE-2020-0002"), ("RUSTSEC-1", "GHSA-1")]

    group = group_with("GHSA-1", groups_of(said(*pairs)))

    assert group.ids == {"GHSA-1", "RUSTSEC-1"}
    assert group.display_id == "GHSA-1"


def test_records_without_any_cve_are_grouped_by_what_they_say_of_each_other() -> None:
    (group,) = groups_of(said(("PYSEC-1", "GHSA-2"), ("GHSA-2", "GO-3")))

    assert (group.cve, group.display_id) == (None, "GHSA-2")


def test_a_record_that_nobody_mentions_stands_alone() -> None:
    (group,) = groups_of([], ids=["GO-1"])

    assert (group.display_id, group.assertions) == ("GO-1", frozenset())


def test_a_cve_id_in_small_letters_is_the_same_cve() -> None:
    (group,) = groups_of(said(("GHSA-1", " cve-2024-0001"), ("GO-1", "CVE-2024-0001")))

    assert group.display_id == "CVE-2024-0001"


names = st.sampled_from(
    [f"CVE-2024-000{number}" for number in range(4)]
    + [f"GHSA-{number}" for number in range(4)]
    + ["GO-1", "PYSEC-1", "R-1"]
)
assertions = st.lists(st.builds(Assertion, asserter=names, id=names, alias=names), max_size=14)


@given(assertions, st.randoms(use_true_random=False))
@settings(max_examples=200)
def test_groups_never_hold_two_cves_hold_every_id_once_and_do_not_depend_on_order(
    edges: list[Assertion], dice: object
) -> None:
    mixed = list(edges)
    dice.shuffle(mixed)  # type: ignore[attr-defined]
    groups = groups_of(edges)

    assert groups == groups_of(mixed)
    assert all(sum(map(is_cve, group.ids)) <= 1 for group in groups)
    ids = sorted(name for group in groups for name in group.ids)
    assert ids == sorted({canonical_id(name) for edge in edges for name in (edge.id, edge.alias)})


@given(assertions)
@settings(max_examples=200)
def test_every_assertion_is_kept_with_both_ids_it_speaks_of(edges: list[Assertion]) -> None:
    groups = groups_of(edges)

    for edge in edges:
        for name in (edge.id, edge.alias):
            assert edge in group_with(canonical_id(name), groups).assertions


@given(assertions)
@settings(max_examples=200)
def test_an_id_is_never_shown_under_a_cve_that_its_own_record_contradicts(edges: list[Assertion]) -> None:
    for group in groups_of(edges):
        for name in group.ids - {group.cve}:
            near = {e.alias for e in edges if e.id == name} | {e.id for e in edges if e.alias == name}
            cves = set(filter(is_cve, near)) - {name}
            if group.cve is not None and cves:
                assert cves == {group.cve}
