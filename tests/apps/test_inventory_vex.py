"""What others say of an operator's products is laid over its matches, says why it does not hold, deletes nothing."""

import json
from datetime import timedelta
from itertools import permutations
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from tests.apps.scene_inventory import DICE, add, between, load, osv, publish, row, rows, sbom, work
from tests.apps.scene_vex import (
    SERIAL,
    analysed,
    bill,
    fates,
    not_affected,
    openvex,
    stated,
    take_back,
    take_in,
)
from tests.conftest import NOON
from tests.support.cast import Cast

from watchbell.apps.inventory import said
from watchbell.apps.inventory import services as inventory
from watchbell.apps.inventory.models import Match, VexDocument, VexOverlay, VexStatement
from watchbell.apps.inventory.services import overlays
from watchbell.apps.journal.models import Entry
from watchbell.domain.refusal import Refused
from watchbell.domain.sentence import Sentence
from watchbell.formats import vex

pytestmark = pytest.mark.django_db
CVE = "CVE-2026-1001"
GATE = "pkg:pypi/gate@1.0"


def quiet(cast: Cast) -> bool:
    """Return whether the hospital's row about the flaw is kept quiet."""
    return row(cast.hospital, CVE).closed_because == "quieted"


def why(cast: Cast) -> list[str]:
    """Return why each statement holds for nothing, in English."""
    return [str(Sentence.unpacked(because)) for _, _, because in fates(cast.hospital)]


def run(cast: Cast, content: bytes = sbom(GATE), package: str = "gate", ecosystem: str = "PyPI") -> None:
    """Let the hospital run something that the flaw reaches."""
    load(cast.hospital, add(cast.hospital), content)
    publish(osv(CVE, package, *between("0", "2.0"), ecosystem=ecosystem))
    work()


# What is written of it, and whether it is about pkg:<...> as the list names it: percent-encoding, case, qualifiers.
NAMED_ALIKE = [
    ("pkg:npm/%40acme/gate@1.0.0", "pkg:npm/@acme/gate@1.0.0", "npm", "@acme/gate", ""),
    ("pkg:npm/@acme/gate@1.0.0", "pkg:npm/%40acme/gate", "npm", "@acme/gate", ""),
    ("pkg:pypi/Gate_Keeper@1.0", "pkg:pypi/gate-keeper@1.0.0", "PyPI", "gate-keeper", ""),
    ("pkg:maven/org.acme/gate@1.0", "pkg:maven/org.acme/gate@1.0?type=war", "Maven", "org.acme:gate", "variant"),
    (
        "pkg:maven/org.acme/gate@1.0?repository_url=repo.acme.example",
        "pkg:maven/org.acme/gate@1.0?repository_url=repo.acme.example", "Maven", "org.acme:gate", "",
    ),
    (
        "pkg:maven/org.acme/gate@1.0?repository_url=repo.acme.example",
        "pkg:maven/org.acme/gate@1.0", "Maven", "org.acme:gate", "",
    ),
    ("pkg:pypi/gate@1.0", "pkg:pypi/gate@1.1", "PyPI", "gate", "about pkg:pypi/gate@1.1, not"),
]  # fmt: skip


@pytest.mark.parametrize(("listed", "named", "ecosystem", "package", "missed"), NAMED_ALIKE)
def test_package_urls_are_compared_in_one_spelling_and_what_is_left_out_means_any(
    cast: Cast, listed: str, named: str, ecosystem: str, package: str, missed: str
) -> None:
    run(cast, sbom(listed), package, ecosystem)

    take_in(cast.hospital, openvex(not_affected(CVE, named)))
    work()

    assert quiet(cast) is (not missed)
    assert missed in why(cast)[0]
    assert bool(why(cast)[0]) is bool(missed)


def test_a_statement_on_one_variant_does_not_speak_for_another_in_the_same_list(cast: Cast) -> None:
    jar, war = (f"pkg:maven/org.acme/gate@1.0?type={kind}" for kind in ("jar", "war"))
    run(cast, sbom(jar, war), "org.acme:gate", "Maven")

    take_in(cast.hospital, openvex(not_affected(CVE, jar)))
    work()
    half = quiet(cast)
    take_in(cast.hospital, openvex(not_affected(CVE, war), number=2))
    work()

    assert (half, quiet(cast)) == (False, True)


def test_a_product_speaks_for_what_is_in_it_and_a_named_part_only_for_itself(cast: Cast) -> None:
    subject = {"type": "application", "bom-ref": "pump", "name": "pump", "purl": "pkg:generic/pump@7"}
    run(cast, bill({"purl": GATE}, {"purl": "pkg:pypi/door@1"}, subject=subject))
    publish(osv("CVE-2026-1002", "door", *between("0", "2")))
    other = not_affected(CVE, "pkg:generic/pump", parts=("pkg:pypi/door",))
    own = not_affected("CVE-2026-1002", "pkg:generic/pump", parts=("pkg:pypi/door@1",))
    elsewhere = not_affected(CVE, "pkg:generic/bed", parts=("pkg:pypi/gate",))

    take_in(cast.hospital, openvex(other, own, elsewhere))
    work()

    assert {one.display_id: one.closed_because for one in rows(cast.hospital)} == {CVE: "", "CVE-2026-1002": "quieted"}
    assert [bool(text) for text in why(cast)] == [True, False, True]
    assert "door in the product, not about" in why(cast)[0].replace("pkg:pypi/", "")
    assert "pkg:generic/bed" in why(cast)[2]


IMAGE = "pkg:oci/nginx@sha256%3Aab12?repository_url=docker.io/library/nginx&arch=amd64"
SAME_IMAGE = [
    ("pkg:docker/nginx", True),
    ("pkg:oci/nginx@sha256:AB12?repository_url=index.docker.io/library/nginx", True),
    ("pkg:oci/nginx?repository_url=registry-1.docker.io/nginx&arch=amd64", True),
    ("pkg:oci/nginx?repository_url=quay.io/nginx", False),
    ("pkg:oci/nginx?arch=arm64", False),
]


@pytest.mark.parametrize(("product", "holds"), SAME_IMAGE)
def test_an_image_is_the_product_whatever_its_index_is_called_and_another_variant_is_not(
    cast: Cast, product: str, holds: bool
) -> None:
    subject = {"type": "container", "bom-ref": "image", "name": "nginx", "purl": IMAGE}
    run(cast, bill({"purl": GATE}, subject=subject))

    take_in(cast.hospital, openvex(not_affected(CVE, product, parts=("pkg:pypi/gate",))))
    work()

    assert quiet(cast) is holds
    assert holds or "nginx" in why(cast)[0]


@pytest.mark.parametrize(
    ("ref", "holds"),
    [
        ("urn:cdx:3e671687-395b-41f5-a30f-a58921a69b79/1#gate", True),
        ("urn:cdx:3e671687-395b-41f5-a30f-a58921a69b79/1#door", False),
        ("urn:cdx:3e671687-395b-41f5-a30f-a58921a69b79/2#gate", False),
    ],
)
def test_a_link_into_a_bill_of_materials_means_that_very_component(cast: Cast, ref: str, holds: bool) -> None:
    run(cast, bill({"purl": GATE, "bom-ref": "gate"}, {"purl": "pkg:pypi/door@1", "bom-ref": "door"}))
    document = {"bomFormat": "CycloneDX", "specVersion": "1.6", "version": 1, "vulnerabilities": [analysed(CVE, ref)]}

    take_in(cast.hospital, json.dumps(document).encode())
    work()

    assert quiet(cast) is holds
    assert holds or ref in why(cast)[0]


@pytest.mark.parametrize("serial", [SERIAL, ""])
def test_a_bill_of_materials_that_carries_its_own_statements_speaks_of_itself_and_of_no_other(
    cast: Cast, serial: str
) -> None:
    content = bill({"purl": GATE, "bom-ref": "c0"}, serial=serial, vulnerabilities=[analysed(CVE, "c0")])
    run(cast, content)

    take_in(cast.hospital, content)
    work()
    alone = quiet(cast)
    load(cast.hospital, add(cast.hospital, "another"), sbom(GATE))
    work()

    assert (alone, quiet(cast)) == (True, False)
    assert (row(cast.hospital, CVE).exposures, row(cast.hospital, CVE).quieted) == (1, 1)


def test_a_document_for_one_asset_says_nothing_of_the_others(cast: Cast) -> None:
    run(cast)
    other = add(cast.hospital, "ward server")
    load(cast.hospital, other, sbom(GATE))

    taken = take_in(cast.hospital, openvex(not_affected(CVE, GATE)), asset=other)
    work()
    inventory.remove_asset(asset=other, by=cast.hospital.actor, now=NOON)
    work()

    assert not quiet(cast)
    assert row(cast.hospital, CVE).quieted == 0
    assert not VexDocument.objects.filter(pk=taken.document.pk).exists()


@pytest.mark.parametrize(
    ("flaw", "said_why"), [("CVE-1999-0001", "no record here is about"), ("CVE-2026-1009", "reaches nothing")]
)
def test_a_statement_that_has_nothing_to_speak_of_says_so(cast: Cast, flaw: str, said_why: str) -> None:
    run(cast)
    publish(osv("CVE-2026-1009", "bed", *between("0", "2")))

    take_in(cast.hospital, openvex(not_affected(flaw, GATE)))
    work()

    assert said_why in why(cast)[0]
    assert not quiet(cast)


STATUSES = ("not_affected", "fixed", "affected", "under_investigation")


@settings(max_examples=12, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.lists(st.tuples(st.sampled_from(STATUSES), st.sampled_from("AB"), st.integers(1, 3)), min_size=1, max_size=4))
def test_the_order_in_which_documents_come_changes_nothing(cast: Cast, words: list[tuple[str, str, int]]) -> None:
    if not Match.objects.exists():
        run(cast)
    matches = list(Match.objects.values_list())
    documents = [
        openvex(
            stated(CVE, status, GATE, impact_statement="Read."),
            author=author,
            at=f"2026-10-0{day}T00:00:00Z",
            number=at,
        )
        for at, (status, author, day) in enumerate(words)
    ]
    answers = set()

    for order in list(permutations(documents))[:3]:
        VexDocument.objects.all().delete()
        for one in order:
            take_in(cast.hospital, one)
        work()
        overlays = VexOverlay.objects.values_list("group_id", "status", "is_quiet")
        answers.add((tuple(overlays), quiet(cast)))

    assert len(answers) == 1
    assert list(Match.objects.values_list()) == matches


def test_laying_the_same_statements_again_writes_nothing(cast: Cast) -> None:
    run(cast)
    take_in(cast.hospital, openvex(not_affected(CVE, GATE)))
    work()
    before = list(VexOverlay.objects.values_list())

    again = take_in(cast.hospital, openvex(not_affected(CVE, GATE)), now=NOON + timedelta(days=1))
    inventory.overlay_organisation(cast.hospital.organisation.public_id, by=cast.hospital.actor, now=NOON)

    assert not again.is_new
    assert list(VexOverlay.objects.values_list()) == before
    assert VexDocument.objects.count() == 1
    assert Entry.objects.filter(action="inventory.vex_received").count() == 1


def test_a_document_killed_halfway_counts_for_nothing_until_it_is_sent_again(
    cast: Cast, monkeypatch: pytest.MonkeyPatch
) -> None:
    run(cast)
    content = openvex(*(not_affected(f"CVE-2026-{number}", GATE) for number in range(1001, 1008)))
    monkeypatch.setattr("watchbell.apps.inventory.services.vex.STATEMENTS_AT_ONCE", 2)
    real = VexStatement.objects.bulk_create
    calls = []

    def killed(rows: list[VexStatement]) -> list[VexStatement]:
        calls.append(rows)
        if len(calls) == 3:
            raise KeyboardInterrupt
        return real(rows)

    monkeypatch.setattr(VexStatement.objects, "bulk_create", killed)
    with pytest.raises(KeyboardInterrupt):
        take_in(cast.hospital, content)
    work()
    halfway = (VexStatement.objects.count(), quiet(cast), VexDocument.objects.get().read_at)

    taken = take_in(cast.hospital, content)
    work()

    assert halfway == (4, False, None)
    assert (taken.is_new, VexDocument.objects.count(), VexStatement.objects.count()) == (True, 1, 7)
    assert quiet(cast)


def test_a_look_that_was_overtaken_writes_nothing_from_older_facts(cast: Cast, monkeypatch: pytest.MonkeyPatch) -> None:
    run(cast)
    document = take_in(cast.hospital, openvex(not_affected(CVE, GATE))).document
    organisation = cast.hospital.organisation.public_id
    look = overlays.overlaid.things

    def overtaken(*words: Any) -> Any:
        found = list(look(*words))
        monkeypatch.setattr(overlays.overlaid, "things", look)
        take_back(cast.hospital, document)
        overlays.settle(organisation, now=NOON)
        return found

    monkeypatch.setattr(overlays.overlaid, "things", overtaken)
    overlays.settle(organisation, now=NOON)

    assert not VexOverlay.objects.exists()
    assert fates(cast.hospital) == [(0, 0, "")]


def test_what_is_withdrawn_counts_no_more_and_stands_again_when_it_is_imported_again(cast: Cast) -> None:
    run(cast)
    content = openvex(not_affected(CVE, GATE))
    taken = take_in(cast.hospital, content)
    work()

    take_back(cast.hospital, taken.document)
    work()
    back = quiet(cast)
    with pytest.raises(inventory.NotStanding):
        take_back(cast.hospital, taken.document)
    again = take_in(cast.hospital, content)
    work()

    assert (back, again.is_new, quiet(cast)) == (False, True, True)
    assert VexDocument.objects.count() == 1
    actions = Entry.objects.filter(action__startswith="inventory.vex").order_by("id").values_list("action", flat=True)
    assert list(actions) == ["inventory.vex_received", "inventory.vex_withdrawn", "inventory.vex_received"]


def test_one_operators_statements_are_nothing_to_another_and_nobody_else_may_change_them(cast: Cast) -> None:
    run(cast)
    load(cast.bank, add(cast.bank), sbom(GATE))

    taken = take_in(cast.bank, openvex(not_affected(CVE, GATE)))
    work()

    assert (quiet(cast), row(cast.bank, CVE).closed_because) == (False, "quieted")
    assert fates(cast.hospital) == []
    with pytest.raises(inventory.NotStanding):
        take_back(cast.hospital, taken.document)
    received = inventory.Received(content=b"{}")
    with pytest.raises(inventory.NotAllowed):
        inventory.import_vex(
            received, organisation=cast.bank.organisation.public_id, by=cast.hospital.actor, now=NOON, rng=DICE
        )


@pytest.mark.parametrize("content", [b"{", sbom(GATE), openvex(stated(CVE, "harmless", GATE)), openvex()])
def test_what_cannot_be_read_or_says_nothing_is_refused_and_leaves_nothing(cast: Cast, content: bytes) -> None:
    with pytest.raises(Refused):
        take_in(cast.hospital, content)

    assert not VexDocument.objects.exists()
    assert not VexStatement.objects.exists()


def test_a_statement_says_from_its_column_what_it_said_when_it_came() -> None:
    ranged = {"id": CVE, "analysis": {"state": "not_affected", "detail": "Not built in."}, "affects": [
        {"ref": "c0", "versions": [{"range": "vers:pypi/>=1.0|<2.0", "status": "unaffected"}, {"version": "what?"}]}
    ]}  # fmt: skip
    documents = [bill({"purl": GATE, "bom-ref": "c0"}, vulnerabilities=[ranged]), openvex(stated(CVE, "fixed"))]
    statements = [one for each in documents for one in vex.loads(each).statements]

    restored = [said.unpacked(json.loads(json.dumps(said.packed(one)))) for one in statements]  # noqa: TID251

    assert restored == statements
    stale = said.unpacked(said.packed(statements[0]), key_format=-1)
    assert stale.part_versions is not None
    assert stale.part_versions.doubts
    assert not stale.part_versions.intervals
