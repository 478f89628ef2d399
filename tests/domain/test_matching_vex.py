"""Which statements hold for a match, who wins when they disagree, and can a statement ever hide a match?"""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from watchbell.domain.advisory import VexJustification, VexStatus
from watchbell.domain.matching.canonical_purl import canonical_purl
from watchbell.domain.matching.products import ProductName
from watchbell.domain.matching.version_text import read_version_text
from watchbell.domain.matching.vex import Obstacle, Statements, Subject, obstacle, overlay
from watchbell.domain.matching.vex_statements import Provenance, Statement, VexFormat

NOON = datetime(2026, 11, 4, 12, 0, tzinfo=UTC)
LIB = ProductName(name="libpump", version="1.4", purls=("pkg:pypi/libpump@1.4",))
PANEL = ProductName(vendor="Acme", name="Panel", version="2.0", purls=("pkg:generic/acme/panel@2.0",))
MATCH = Subject(ids=frozenset({"CVE-2026-0001", "GHSA-x"}), component=LIB, product=PANEL)


def said(status: VexStatus = VexStatus.NOT_AFFECTED, **more: Any) -> Statement:
    usual = Statement(
        ids=("CVE-2026-0001",),
        status=status,
        provenance=Provenance(format=VexFormat.OPENVEX, document="d1"),
        author="Acme",
        product=PANEL,
        justification=VexJustification.COMPONENT_NOT_PRESENT if status is VexStatus.NOT_AFFECTED else None,
        issued_at=NOON,
    )
    return replace(usual, **more)


def purl(text: str, **more: Any) -> ProductName:
    return ProductName(purls=(text,), **more)


def missed(statement: Statement, match: Subject = MATCH) -> Obstacle | None:
    found = obstacle(match, statement)
    assert found is None or found.because
    return found.obstacle if found else None


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("pkg:docker/nginx@1.25", "pkg:oci/nginx?repository_url=docker.io/library/nginx&tag=1.25"),
        ("pkg:docker/nginx@1.25", "pkg:oci/nginx?repository_url=index.docker.io/library/nginx&tag=1.25"),
        ("pkg:docker/acme/app@sha256%3AAB", "pkg:oci/app@sha256:ab?repository_url=https://registry-1.docker.io/acme"),
        ("pkg:npm/%40Acme/Thing@1.0%2B2", "pkg:npm/@acme/thing@1.0+2"),
        ("pkg:PyPI/Foo_Bar@1.0", "pkg:pypi/foo-bar@1.0"),
        ("pkg:golang/GitHub.com/acme/x@v1.0", "pkg:golang/github.com/acme/x@v1.0"),
        ("pkg:deb/Debian/Thing@1?arch=amd64&distro=debian-12", "pkg:deb/debian/thing@1?distro=debian-12&arch=amd64"),
    ],
)
def test_two_spellings_of_one_package_are_one(one: str, other: str) -> None:
    assert canonical_purl(one) == canonical_purl(other)


def test_images_of_two_registries_are_two_and_an_image_without_one_is_any() -> None:
    ours, theirs = "pkg:oci/app?repository_url=a.example/acme", "pkg:oci/app?repository_url=b.example/acme"

    found = Subject(ids=MATCH.ids, component=purl(ours))

    assert missed(said(product=purl(theirs)), found) is Obstacle.OTHER_QUALIFIER
    assert missed(said(product=purl("pkg:oci/app")), found) is None


@pytest.mark.parametrize(
    ("wanted", "why_not"),
    [
        ("pkg:pypi/LibPump", None),
        ("pkg:pypi/libpump@1.4", None),
        ("pkg:pypi/libpump@1.4.0", None),
        ("pkg:pypi/libpump@1.5", Obstacle.OTHER_VERSION),
        ("pkg:pypi/libpump@1.4?arch=arm", Obstacle.OTHER_QUALIFIER),
        ("pkg:pypi/libpump@1.4#src", Obstacle.OTHER_QUALIFIER),
        ("pkg:pypi/libvalve@1.4", Obstacle.OTHER_PRODUCT),
        ("pkg:npm/libpump@1.4", Obstacle.OTHER_PRODUCT),
        ("not a purl", Obstacle.OTHER_PRODUCT),
    ],
)
def test_what_a_package_url_leaves_out_means_any_and_what_it_says_must_be_so(
    wanted: str, why_not: Obstacle | None
) -> None:
    assert missed(said(product=purl(wanted))) is why_not


def test_a_statement_about_the_product_speaks_for_all_inside_it() -> None:
    assert missed(said()) is None
    assert missed(said(product=replace(PANEL, purls=()))) is None
    assert missed(said(product=replace(PANEL, purls=(), version="V2.0"))) is None
    assert missed(said(product=replace(PANEL, purls=(), version="3.0"))) is Obstacle.OTHER_VERSION


def test_a_statement_about_a_part_holds_for_that_part_in_that_product_only() -> None:
    about_lib = said(subcomponents=(purl("pkg:pypi/libpump"),))

    assert missed(about_lib) is None
    assert missed(said(subcomponents=(purl("pkg:pypi/other"),))) is Obstacle.OTHER_SUBCOMPONENT
    assert missed(said(subcomponents=(purl("pkg:pypi/libpump@9"),))) is Obstacle.OTHER_VERSION
    assert missed(about_lib, replace(MATCH, product=None)) is Obstacle.OTHER_PRODUCT
    assert missed(about_lib, replace(MATCH, product=purl("pkg:generic/valve"))) is Obstacle.OTHER_PRODUCT


def test_a_statement_about_another_vulnerability_or_no_product_says_so() -> None:
    assert missed(said(ids=("CVE-2026-0009",))) is Obstacle.OTHER_VULNERABILITY
    assert missed(said(ids=("cve-2026-0001",))) is None
    assert missed(said(ids=("X", "GHSA-x"))) is None
    assert missed(said(product=None)) is Obstacle.NO_PRODUCT


def test_a_range_of_versions_holds_inside_it_and_what_cannot_be_compared_is_said() -> None:
    bare = replace(PANEL, purls=(), version="")

    def about(text: str, match: Subject = MATCH) -> Obstacle | None:
        return missed(said(product=bare, versions=read_version_text(text)), match)

    assert about(">= 1.0 <= 2.3") is None
    assert about(">= 3.0") is Obstacle.OTHER_VERSION
    assert about("< March 13, 2019") is Obstacle.CANNOT_TELL
    assert about("V2.0 | V2.1") is None
    assert about("< 3", replace(MATCH, product=replace(PANEL, version=""))) is None
    assert about("< 3", replace(MATCH, product=replace(PANEL, version="", purls=()))) is Obstacle.CANNOT_TELL


def test_digests_and_references_identify_where_names_cannot() -> None:
    match = Subject(ids=MATCH.ids, component=ProductName(name="a", hashes=(("sha256", "ab"),), refs=("urn:cdx:1/1#a",)))

    assert missed(said(product=ProductName(hashes=(("sha256", "ab"),))), match) is None
    assert missed(said(product=ProductName(name="a", hashes=(("sha256", "cd"),))), match) is Obstacle.OTHER_PRODUCT
    assert missed(said(product=ProductName(name="A", hashes=(("md5", "cd"),))), match) is None
    assert missed(said(product=ProductName(refs=("urn:cdx:1/1#a",))), match) is None
    assert missed(said(product=ProductName(refs=("urn:cdx:1/2#a",))), match) is Obstacle.OTHER_PRODUCT


def test_the_later_word_of_one_author_replaces_the_earlier() -> None:
    early = said(VexStatus.AFFECTED)
    late = said(VexStatus.FIXED, author=" ACME ", updated_at=NOON + timedelta(days=1))

    found = overlay(MATCH, [late, early])

    assert (found.status, found.is_quiet, found.is_disputed) == (VexStatus.FIXED, True, False)
    assert (found.applied, found.replaced) == ((late,), (early,))


def test_of_two_words_at_one_moment_the_louder_counts() -> None:
    assert overlay(MATCH, [said(), said(VexStatus.AFFECTED)]).status is VexStatus.AFFECTED


def test_authors_who_disagree_are_all_shown_and_affected_wins() -> None:
    found = overlay(MATCH, [said(issued_at=NOON + timedelta(days=9)), said(VexStatus.AFFECTED, author="Lab")])

    assert (found.status, found.is_quiet, found.is_disputed) == (VexStatus.AFFECTED, False, True)
    assert {one.author for one in found.applied} == {"Acme", "Lab"}


def test_not_affected_without_a_reason_is_shown_and_flagged_and_silences_nothing() -> None:
    bald = said(justification=None)

    found = overlay(MATCH, [bald])

    assert (found.status, found.is_quiet, found.applied, found.flagged) == (None, False, (bald,), (bald,))
    assert overlay(MATCH, [bald, said(author="Lab")]).is_quiet
    assert overlay(MATCH, [said(justification=None, impact="Not built in.")]).is_quiet


def test_nameless_authors_of_two_documents_do_not_replace_each_other() -> None:
    other = Provenance(format=VexFormat.OPENVEX, document="d2")

    found = overlay(MATCH, [said(VexStatus.AFFECTED, author=""), said(author="", provenance=other)])

    assert found.status is VexStatus.AFFECTED
    assert len(found.applied) == 2


def test_statements_are_found_by_any_id_once() -> None:
    both, other = said(ids=("CVE-2026-0001", "GHSA-x")), said(ids=("CVE-2026-0002",))

    assert Statements([both, other]).about(MATCH.ids) == (both,)


names = st.sampled_from([PANEL, LIB, purl("pkg:pypi/libpump"), purl("pkg:pypi/other@1"), None])
any_statement = st.builds(
    said,
    st.sampled_from(VexStatus),
    ids=st.sampled_from([("CVE-2026-0001",), ("GHSA-x", "X"), ("CVE-2026-0002",)]),
    author=st.sampled_from(["Acme", "Lab", ""]),
    product=names,
    subcomponents=st.sampled_from([(), (LIB,), (PANEL,)]),
    justification=st.sampled_from([None, VexJustification.COMPONENT_NOT_PRESENT]),
    provenance=st.sampled_from(["d1", "d2"]).map(lambda name: Provenance(format=VexFormat.CSAF, document=name)),
    issued_at=st.sampled_from([None, NOON, NOON + timedelta(days=1)]),
)


@settings(max_examples=200, deadline=None)
@given(st.lists(any_statement, max_size=8), st.randoms(use_true_random=False))
def test_no_statement_is_lost_and_their_order_never_matters(statements: list[Statement], dice: object) -> None:
    mixed = list(statements)
    dice.shuffle(mixed)  # type: ignore[attr-defined]

    found, again = overlay(MATCH, statements), overlay(MATCH, mixed)

    shown = [*found.applied, *found.replaced, *(one.statement for one in found.not_applied)]
    assert sorted(map(repr, shown)) == sorted(map(repr, statements))
    assert (found.status, found.is_quiet, found.is_disputed) == (again.status, again.is_quiet, again.is_disputed)
    assert set(map(repr, found.applied)) == set(map(repr, again.applied))


@settings(max_examples=200, deadline=None)
@given(st.lists(any_statement, max_size=6), any_statement)
def test_a_match_is_quiet_only_when_somebody_gives_a_reason_and_nobody_says_affected(
    statements: list[Statement], more: Statement
) -> None:
    found = overlay(MATCH, [*statements, more])

    reasons = [one for one in found.applied if not one.is_unexplained]
    loud = {VexStatus.AFFECTED, VexStatus.UNDER_INVESTIGATION} & {one.status for one in found.applied}
    assert found.is_quiet == (bool(reasons) and not loud)
