"""Things without a package URL, found by what their maker gives to recognise them: exact, whichever came first."""

import json
from collections.abc import Callable
from itertools import permutations
from typing import Any

import pytest
from tests.apps.scene_inventory import DICE, add, load, row, rows, work
from tests.apps.scene_published import csaf, take
from tests.apps.scene_vex import fates, openvex, stated, take_in
from tests.apps.test_inventory_equipment import ask, say, standing, take_table
from tests.apps.test_inventory_matching import undone
from tests.conftest import NOON
from tests.support.cast import Cast, Player

from watchbell.apps.inventory import queries, recognised, services
from watchbell.apps.inventory.candidates import candidates
from watchbell.apps.inventory.models import (
    Asset,
    Cursor,
    Gap,
    Likeness,
    Listing,
    Machine,
    Mark,
    PickedProduct,
    ProductMatch,
    Sameness,
    Unassessable,
    Unit,
)
from watchbell.apps.inventory.services import listings, loads, marked
from watchbell.apps.jobs.progress import Interrupted, Progress
from watchbell.apps.remediation.models import WorklistRow
from watchbell.apps.vulnerabilities import queries as published
from watchbell.apps.vulnerabilities.services import SourceKind
from watchbell.domain.matching.equipment.answers import Answer
from watchbell.domain.matching.outcomes import Reason
from watchbell.domain.matching.tiers import Basis
from watchbell.domain.priority import Exposure
from watchbell.doors import keys

pytestmark = pytest.mark.django_db
CSAF = SourceKind.CSAF
FLAW, OTHER = "CVE-2030-1010", "CVE-2030-1020"
AGAIN = "2030-02-01T00:00:00Z"
DIGEST = "ab" * 32
UUID = "411dafd2-c29f-491a-97d7-e97de5bc2289"
ADDRESS = "https://acme.example/sbom/gate-1.cdx.json"
GITOID = "gitoid:blob:sha1:" + "0a" * 20
NUMBER = "6TG2200-1AB00-0XA0"

ACME: dict[str, Any] = {"supplier": {"name": "Acme, Inc."}}
HELD: dict[str, Any] = {"hashes": [{"alg": "SHA-256", "content": DIGEST}]}
FILE: dict[str, Any] = {"hashes": [{"filename": "gate.bin", "file_hashes": [{"algorithm": "sha256", "value": DIGEST}]}]}
SERIAL: dict[str, Any] = {"properties": [{"name": "cdx:device:serialNumber", "value": "sn2200 17"}]}


def advisory(name: str = "ACME-1", version: str = "<3.0", product: str = "Gate", **helper: Any) -> dict[str, Any]:
    """Return Acme's advisory about one product and what recognises it; its flaw carries the document's number."""
    more = {key: helper.pop(key) for key in ("at", "category") if key in helper}
    document = csaf(name, (f"CVE-2030-10{name[-1]}0", product, version, ""), **more)
    leaf = document["product_tree"]["branches"][0]["branches"][0]["branches"][0]["product"]
    leaf["product_identification_helper"] = helper
    return document


def part(name: str = "firmware.bin", version: str = "2.8", **more: Any) -> dict[str, Any]:
    return {"type": "application", "bom-ref": "x", "name": name, "version": version, **more}


def bom(*parts: dict[str, Any], **more: Any) -> bytes:
    head = {"bomFormat": "CycloneDX", "specVersion": "1.6", "version": 1, "components": list(parts)}
    return json.dumps(head | more).encode()


def spdx(*packages: dict[str, Any], namespace: str = "https://acme.example/spdx/gate") -> bytes:
    head = {"spdxVersion": "SPDX-2.3", "SPDXID": "SPDXRef-DOCUMENT", "name": "x", "documentNamespace": namespace}
    return json.dumps(head | {"packages": list(packages)}).encode()


def refers(kind: str, address: str) -> dict[str, Any]:
    return {"externalReferences": [{"type": kind, "url": address}]}


def generic(uri: str) -> list[dict[str, str]]:
    return [{"namespace": "https://acme.example/names", "uri": uri}]


def told(player: Player, flaw: str = FLAW) -> list[tuple[str, str, Basis, str]]:
    """Return what the operator is shown of a flaw: version, tier, basis, and by what the thing was recognised."""
    found = queries.exposures_of(player.actor, row(player, flaw).group_id, now=NOON)
    return [(one.version, one.tier, one.basis, one.because.rpartition("; ")[2]) for one in found]


def counts(player: Player) -> tuple[int, int, dict[str, int]]:
    cover = queries.coverage(player.actor, now=NOON)
    assert cover.components == cover.assessed + sum(cover.gaps.values())
    for listing in Listing.objects.filter(in_force_for__isnull=False):
        gaps = sum(Gap.objects.filter(listing=listing).values_list("components", flat=True))
        assert listing.components == listing.assessed + gaps
    return cover.components, cover.assessed, cover.gaps


BY_EACH = [
    (FILE, bom(part(**HELD)), "recognised by its digest"),
    (FILE, spdx({"name": "any", "SPDXID": "SPDXRef-1", "versionInfo": "2.8", "checksums": [
        {"algorithm": "SHA256", "checksumValue": DIGEST.upper()}]}), "recognised by its digest"),
    ({"model_numbers": ["6TG2200-1AB00-0XA0"]}, bom(part(f"Gate {NUMBER}", **ACME)),
     "recognised by vendor and order number"),
    ({"skus": [NUMBER]}, bom(part(NUMBER, manufacturer={"name": "ACME"})), "recognised by vendor and order number"),
    ({"serial_numbers": ["SN 2200-17"]}, bom(part(**ACME, **SERIAL)), "recognised by vendor and serial number"),
    ({"sbom_urls": [ADDRESS]}, bom(part(**refers("bom", ADDRESS))),
     "recognised by the address of its bill of materials"),
    ({"x_generic_uris": generic(GITOID)}, bom(part(omniborId=[GITOID])), "recognised by a URI that its vendor gives"),
    ({"x_generic_uris": generic(f"urn:cdx:{UUID}/1#x")}, bom(part(), serialNumber=f"urn:uuid:{UUID}"),
     "recognised by a URI that its vendor gives"),
    ({"x_generic_uris": generic("https://acme.example/spdx/gate#SPDXRef-1")},
     spdx({"name": "any", "SPDXID": "SPDXRef-1", "versionInfo": "2.8"}), "recognised by a URI that its vendor gives"),
]  # fmt: skip


@pytest.mark.parametrize(("helper", "listed", "how"), BY_EACH)
def test_each_helper_finds_its_thing_exactly_in_any_order_and_says_by_what(
    cast: Cast, helper: dict[str, Any], listed: bytes, how: str
) -> None:
    """Two documents, one of which gives the helper, and a list; the other document says more of the same product."""
    asset = add(cast.hospital)
    events: tuple[Callable[[], object], ...] = (
        lambda: load(cast.hospital, asset, listed),
        lambda: take(CSAF, advisory("ACME-1", **helper)),
        lambda: take(CSAF, advisory("ACME-2", "<2.0")),
    )

    found = []
    for order in permutations(events):
        with undone():
            for event in order:
                event()
                work()
            found.append((told(cast.hospital), counts(cast.hospital), [one.display_id for one in rows(cast.hospital)]))

    assert found[0] == ([("2.8", "exact", Basis.HELPER, how)], (1, 1, {}), [FLAW])
    assert all(one == found[0] for one in found)


def test_what_another_document_says_of_the_recognised_product_counts_as_surely(cast: Cast) -> None:
    load(cast.hospital, add(cast.hospital), bom(part(**HELD)))
    take(CSAF, advisory("ACME-1", "<2.0", **FILE))
    work()
    before = [one.display_id for one in rows(cast.hospital)], counts(cast.hospital)

    take(CSAF, advisory("ACME-2", "<3.0"))
    work()

    assert before == ([], (1, 0, {Reason.NO_PACKAGE_IDENTITY: 1}))
    assert told(cast.hospital, OTHER) == [("2.8", "exact", Basis.HELPER, "recognised by its digest")]
    assert counts(cast.hospital) == (1, 1, {})


def test_importing_everything_again_writes_nothing(cast: Cast) -> None:
    asset = add(cast.hospital)
    listed = bom(part(**HELD), part("Gate " + NUMBER, type="device", **ACME, **{"bom-ref": "y"}))
    records = advisory("ACME-1", **FILE), advisory("ACME-2", model_numbers=[NUMBER])
    tables = (Mark, PickedProduct, ProductMatch, Unassessable, Unit, Machine, Likeness, Sameness, Listing, Gap, Cursor)

    def all_rows() -> list[list[dict[str, Any]]]:
        return [list(table._default_manager.order_by("pk").values()) for table in tables]

    load(cast.hospital, asset, listed)
    take(CSAF, *records)
    work()
    before = all_rows()

    load(cast.hospital, asset, listed)
    take(CSAF, *records)
    work()

    assert all_rows() == before
    assert PickedProduct.objects.count() == 2


# What is no all-clear --------------------------------------------------------------------------


def test_outside_of_the_range_it_stays_among_what_could_not_be_checked(cast: Cast) -> None:
    take(CSAF, advisory(**FILE))

    load(cast.hospital, add(cast.hospital), bom(part(version="3.0", **HELD), part("other", **{"bom-ref": "y"})))
    work()

    assert rows(cast.hospital) == []
    assert counts(cast.hospital) == (2, 0, {Reason.NO_PACKAGE_IDENTITY: 2})
    assert queries.not_assessed(cast.hospital.actor, now=NOON).count() == 2


@pytest.mark.parametrize(("version", "range_"), [("", "<3.0"), ("2.8", "all but the good ones")])
def test_without_a_version_or_a_range_that_can_be_read_it_is_named_and_cannot_be_told(
    cast: Cast, version: str, range_: str
) -> None:
    take(CSAF, advisory(version=range_, **FILE))
    load(cast.hospital, add(cast.hospital), bom(part(version=version, **HELD)))

    work()

    assert told(cast.hospital) == [(version, "cannot tell", Basis.HELPER, "recognised by its digest")]
    assert counts(cast.hospital) == (1, 0, {Reason.NO_PACKAGE_IDENTITY: 1})


def test_two_variants_with_order_numbers_of_their_own_are_not_mixed_up(cast: Cast) -> None:
    """Also not for a machine whose name is the product's: its number says which variant it is."""
    one, other = "6TG2200-1AA00-0XA0", "6TG2200-1BB00-0XA0"
    take(CSAF, advisory("ACME-1", "<9.0", model_numbers=[other]), advisory("ACME-2", "<3.0", model_numbers=[one]))
    load(cast.hospital, add(cast.hospital, "listed"), bom(part(one, "5.0", **ACME)))
    take_table(cast.hospital, {"name": "gate", "vendor": "Acme", "product": "Gate", "model": one, "firmware": "5.0"})

    work()
    before = rows(cast.hospital)
    take_table(cast.hospital, {"name": "gate", "vendor": "Acme", "product": "Gate", "model": other, "firmware": "5.0"})
    work()

    assert before == []
    assert told(cast.hospital) == [("5.0", "exact", Basis.HELPER, "recognised by vendor and order number")]


@pytest.mark.parametrize(
    ("helper", "more"),
    [
        ({"model_numbers": [NUMBER]}, {"name": NUMBER, "supplier": {"name": "Zed"}}),
        ({"model_numbers": [NUMBER]}, {"name": NUMBER}),
        ({"serial_numbers": ["SN220017"]}, SERIAL | {"supplier": {"name": "Zed"}}),
        ({"serial_numbers": ["1001"]}, ACME | {"properties": [{"name": "cdx:device:serialNumber", "value": "1001"}]}),
        ({"serial_numbers": ["SN2200*"]}, ACME | SERIAL),
        ({"sbom_urls": [ADDRESS]}, refers("website", ADDRESS)),
        ({"skus": [NUMBER]}, ACME | {"properties": [{"name": "cdx:device:sku", "value": NUMBER}]}),
        (FILE, {"hashes": [{"alg": "SHA-512", "content": DIGEST}]}),
    ],
)
def test_another_vendors_number_a_short_one_and_a_mere_link_find_nothing(
    cast: Cast, helper: dict[str, Any], more: dict[str, Any]
) -> None:
    take(CSAF, advisory(**helper))
    load(cast.hospital, add(cast.hospital), bom(part(**{"name": "any"} | more)))

    work()

    assert rows(cast.hospital) == []
    assert counts(cast.hospital)[:2] == (1, 0)


def test_a_part_of_another_product_is_not_found_by_its_digest(cast: Cast) -> None:
    document = advisory(**FILE)
    house = {"category": "product_name", "name": "House", "product": {"name": "House", "product_id": "H"}}
    document["product_tree"]["branches"].append({"category": "vendor", "name": "Other", "branches": [house]})
    within = {"category": "installed_on", "product_reference": "P0", "relates_to_product_reference": "H"}
    within["full_product_name"] = {"name": "Gate in House", "product_id": "G-H"}  # type: ignore[assignment]
    document["product_tree"]["relationships"] = [within]
    document["vulnerabilities"][0]["product_status"] = {"known_affected": ["G-H"]}

    take(CSAF, document)
    load(cast.hospital, add(cast.hospital), bom(part(**HELD)))
    work()

    assert (rows(cast.hospital), counts(cast.hospital)[1]) == ([], 0)


def test_a_package_url_leads_and_its_digest_adds_nothing(cast: Cast) -> None:
    take(CSAF, advisory(**FILE))
    load(cast.hospital, add(cast.hospital), bom(part(purl="pkg:pypi/gate@2.8", **HELD)))
    load(cast.hospital, add(cast.hospital, "other"), bom(part(purl="pkg:generic/gate@2.8", **HELD)))

    work()

    found = queries.exposures_of(cast.hospital.actor, row(cast.hospital, FLAW).group_id, now=NOON)
    assert [one.asset_name for one in found] == ["other"]


# What changes ----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("change", "closed"),
    [
        ({"category": "csaf_withdrawn", **FILE}, "withdrawn"),
        ({"version": "<1.0", **FILE}, "gone"),
        ({"model_numbers": [NUMBER]}, "gone"),
    ],
)
def test_a_record_that_says_it_no_longer_takes_it_back_and_the_thing_cannot_be_checked_again(
    cast: Cast, change: dict[str, Any], closed: str
) -> None:
    load(cast.hospital, add(cast.hospital), bom(part(**HELD)))
    take(CSAF, advisory(**FILE))
    work()
    before = [one.closed_because for one in rows(cast.hospital)]

    take(CSAF, advisory(at=AGAIN, **change))
    work()

    assert before == [""]
    assert [one.closed_because for one in rows(cast.hospital)] == [closed]
    assert counts(cast.hospital) == (1, 0, {Reason.NO_PACKAGE_IDENTITY: 1})
    assert not ProductMatch.objects.exists()


def test_a_list_that_gives_the_digest_no_longer_does_not_make_it_fixed(cast: Cast) -> None:
    asset = add(cast.hospital)
    take(CSAF, advisory(**FILE))
    load(cast.hospital, asset, bom(part(**HELD)))
    work()

    load(cast.hospital, asset, bom(part()))
    work()

    (one,) = WorklistRow.objects.all()
    assert (one.closed_because, one.state, one.done_at) == ("gone", "open", None)
    assert counts(cast.hospital) == (1, 0, {Reason.NO_PACKAGE_IDENTITY: 1})
    assert not PickedProduct.objects.exists()


def test_a_new_list_is_recognised_as_it_comes_into_force_without_a_moment_between(
    cast: Cast, monkeypatch: pytest.MonkeyPatch
) -> None:
    asset = add(cast.hospital)
    take(CSAF, advisory(**FILE))
    load(cast.hospital, asset, bom(part(**HELD)))
    work()
    monkeypatch.setattr(listings, "clear_away", lambda *_, **__: None)  # the list before it is still there

    load(cast.hospital, asset, bom(part("renamed.bin", **HELD)))

    assert told(cast.hospital) == [("2.8", "exact", Basis.HELPER, "recognised by its digest")]
    assert counts(cast.hospital) == (1, 1, {})
    assert PickedProduct.objects.count() == 1


def test_a_worker_that_dies_before_the_marks_were_looked_at_is_made_up_for(
    cast: Cast, monkeypatch: pytest.MonkeyPatch
) -> None:
    load(cast.hospital, add(cast.hospital), bom(part(**HELD), part("b", **ACME, **SERIAL, **{"bom-ref": "y"})))
    take(CSAF, advisory("ACME-1", **FILE), advisory("ACME-2", serial_numbers=["SN220017"]))
    monkeypatch.setattr(marked, "THINGS_AT_ONCE", 1)
    looked, look = [0], marked._look_at_lines

    def once(lines: Any, **more: Any) -> None:
        if looked[0]:
            raise Interrupted
        looked[0] += 1
        look(lines, **more)

    monkeypatch.setattr(marked, "_look_at_lines", once)
    with pytest.raises(Interrupted):
        services.match_changed(by=cast.hospital.actor, now=NOON)
    between = PickedProduct.objects.count()
    monkeypatch.setattr(marked, "_look_at_lines", look)
    services.match_changed(by=cast.hospital.actor, now=NOON)

    assert between == 1
    assert (PickedProduct.objects.count(), counts(cast.hospital)) == (2, (2, 2, {}))


def test_where_records_give_the_same_as_before_no_mark_is_looked_at(
    cast: Cast, monkeypatch: pytest.MonkeyPatch
) -> None:
    load(cast.hospital, add(cast.hospital), bom(part(**HELD)))
    take(CSAF, advisory(**FILE))
    work()
    monkeypatch.setattr(published, "marks_known", lambda: pytest.fail("all marks were looked at again"))

    take(CSAF, advisory(**FILE))
    services.match_changed(by=cast.hospital.actor, now=NOON)

    assert told(cast.hospital)


# Machines --------------------------------------------------------------------------------------


def test_a_machine_is_exact_by_vendor_and_number_whether_described_or_listed_and_probable_without_its_vendor(
    cast: Cast,
) -> None:
    take(CSAF, advisory(model_numbers=[NUMBER]))
    line = {"product": "hall 3", "model": NUMBER, "firmware": "2.8"}
    take_table(cast.hospital, {"name": "listed", "vendor": "ACME", **line}, {"name": "whose", **line})
    said = services.Described(vendor="acme", model=NUMBER, version="2.8")
    services.describe(said, asset=add(cast.hospital, "by hand"), by=cast.hospital.actor, now=NOON, rng=DICE)

    work()

    found = queries.exposures_of(cast.hospital.actor, row(cast.hospital, FLAW).group_id, now=NOON)
    assert [(one.asset_name, one.tier, one.basis) for one in found] == [
        ("by hand", "exact", Basis.HELPER), ("listed", "exact", Basis.HELPER), ("whose", "probable", Basis.BRANCHES),
    ]  # fmt: skip


def test_a_serial_number_in_a_table_finds_the_one_unit_and_no_other_of_its_type(cast: Cast) -> None:
    take(CSAF, advisory(product="Weirmaster 910", serial_numbers=["SN-220017"]))
    line = {"name": "hall", "vendor": "Acme", "product": "pump", "firmware": "2.8"}
    take_table(
        cast.hospital, line | {"serial number": "sn220017"}, line | {"name": "shed", "serial number": "SN220018"}
    )

    work()

    found = queries.exposures_of(cast.hospital.actor, row(cast.hospital, FLAW).group_id, now=NOON)
    assert [(one.asset_name, one.tier) for one in found] == [("hall", "exact")]
    (hall,) = recognised.recognised_in(Asset.objects.get(name="hall"))
    assert hall.is_known
    assert counts(cast.hospital) == (2, 1, {Reason.NO_PACKAGE_IDENTITY: 1})


def test_a_person_who_says_that_a_machine_is_something_else_sets_its_number_aside_too(cast: Cast) -> None:
    take(CSAF, advisory(model_numbers=[NUMBER]))
    take_table(cast.hospital, {"name": "gate", "vendor": "Acme", "product": "Gate", "model": NUMBER, "firmware": "2.8"})
    take_table(cast.bank, {"name": "gate", "vendor": "Acme", "product": "Gate", "model": NUMBER, "firmware": "2.8"})
    work()
    question = Sameness.objects.get(organisation_id=cast.hospital.organisation.public_id)

    say(cast.hospital, question, Answer.NO)
    said_no = [one.closed_because for one in rows(cast.hospital)], counts(cast.hospital)[1]
    take(CSAF, advisory("ACME-2", model_numbers=[NUMBER]))
    work()
    still_no = [one.closed_because for one in rows(cast.hospital)]
    theirs = sorted((one.display_id, one.closed_because) for one in rows(cast.bank))
    say(cast.hospital, question, None)

    assert (said_no, still_no, theirs) == ((["gone"], 0), ["gone"], [(FLAW, ""), (OTHER, "")])
    assert ([one.closed_because for one in rows(cast.hospital)], counts(cast.hospital)[1]) == (["", ""], 1)


# Equipment in a bill of materials --------------------------------------------------------------

TG: dict[str, Any] = {"type": "device", "name": "Tidegate TG-2200", **ACME}


def tidegate(name: str = "ACME-1", product: str = "Tidegate TG-2200", **more: Any) -> dict[str, Any]:
    return csaf(name, (f"CVE-2030-10{name[-1]}0", product, "<3.0", ""), **more)


@pytest.mark.parametrize(
    "listed",
    [
        bom(part(**TG)),
        bom(part(**TG | {"type": "firmware"})),
        bom(part(**TG | {"supplier": {"name": "A Shop"}, "manufacturer": {"name": "ACME"}})),
        spdx({"name": TG["name"], "SPDXID": "SPDXRef-1", "versionInfo": "2.8", "primaryPackagePurpose": "DEVICE",
              "supplier": "Organization: Acme (psirt@acme.example)"}),
        spdx({"name": TG["name"], "SPDXID": "SPDXRef-1", "versionInfo": "2.8", "primaryPackagePurpose": "FIRMWARE",
              "supplier": "Organization: A Shop", "originator": "Organization: Acme"}),
    ],
)  # fmt: skip
def test_equipment_in_a_bill_of_materials_is_recognised_as_a_line_of_a_table_is_in_any_order(
    cast: Cast, listed: bytes
) -> None:
    asset = add(cast.hospital, "gate", Exposure.NO)
    line = {"name": "gate", "vendor": "Acme", "product": "Tidegate TG-2200", "firmware": "2.8"}
    events: tuple[Callable[[], object], ...] = (
        lambda: load(cast.hospital, asset, listed),
        lambda: take(CSAF, tidegate()),
        lambda: take(CSAF, tidegate("ACME-2", "Weirmaster 910")),
    )

    found = []
    for order in permutations(events):
        with undone():
            for event in order:
                event()
                work()
            found.append(standing(cast.hospital))
    take(CSAF, tidegate())
    take_table(cast.hospital, line)
    work()
    as_a_line = standing(cast.hospital)

    def compared(told: tuple[Any, ...]) -> tuple[Any, ...]:
        lines, seen, covered = told
        return lines, [(is_known, products) for _, is_known, products in seen], covered

    assert [one[:2] for one in found[0][0]] == [(FLAW, "probable")]
    assert found[0][2] == (1, 1, {}, 0)
    assert all(compared(one) == compared(as_a_line) for one in found)


def test_possible_equipment_is_asked_once_for_its_type_and_ordinary_software_never(cast: Cast) -> None:
    take(CSAF, tidegate())
    listed = bom(
        part("Tidegate", "2.0", **ACME | {"type": "device", "bom-ref": "a"}),
        part("TIDEGATE", "2.5", **ACME | {"type": "firmware", "bom-ref": "b"}),
        part("Tidegate", "2.0", **ACME | {"type": "application", "bom-ref": "c"}),
        part("Tidegate", "2.0", **ACME | {"type": "operating-system", "bom-ref": "d"}),
        part("Tidegate", "2.0", **{"type": "firmware", "bom-ref": "e"}),
        part("Tidegate", "2.0", **ACME | {"type": "device-driver", "bom-ref": "f"}),
    )
    load(cast.hospital, add(cast.hospital), listed)
    work()

    (question,) = ask(cast.hospital)
    before = rows(cast.hospital), counts(cast.hospital)
    say(cast.hospital, question.rows[0][0], Answer.YES)
    after = counts(cast.hospital)
    load(cast.hospital, add(cast.hospital, "other"), bom(part("Tidegate", "2.6", **ACME | {"type": "device"})))
    work()

    assert before == ([], (6, 0, {Reason.NO_PACKAGE_IDENTITY: 6}))
    assert after == (6, 2, {Reason.NO_PACKAGE_IDENTITY: 4})
    assert (ask(cast.hospital), row(cast.hospital, FLAW).tier, row(cast.hospital, FLAW).assets) == ([], "probable", 2)


def test_equipment_that_no_record_names_stays_not_assessed_and_keeps_its_cpe_and_its_marks(cast: Cast) -> None:
    cpe = "cpe:2.3:o:acme:kettle_firmware:2.8:*:*:*:*:*:*:*"
    kettle = part("Kettle", **ACME | HELD | {"type": "firmware", "cpe": cpe, "purl": "pkg:generic/kettle@2.8"})
    load(cast.hospital, add(cast.hospital), bom(kettle))
    work()
    before = counts(cast.hospital), ask(cast.hospital)

    named = advisory("ACME-1", product="Kettle firmware image")
    leaf = named["product_tree"]["branches"][0]["branches"][0]["branches"][0]["product"]
    leaf["product_identification_helper"] = {"cpe": cpe}
    take(CSAF, named)
    work()
    may_be = [one.name for one in candidates(cast.hospital.actor, now=NOON)]
    take(CSAF, advisory("ACME-2", product="Boiler", **FILE))
    work()

    assert before == ((1, 0, {Reason.UNKNOWN_ECOSYSTEM: 1}), [])
    assert may_be == ["Kettle"]
    assert [tier for _, tier, *_ in told(cast.hospital, OTHER)] == ["exact"]
    assert counts(cast.hospital) == (1, 1, {})


def test_a_list_of_very_many_devices_is_asked_about_no_further_than_so_many(
    cast: Cast, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("watchbell.apps.inventory.contents.MOST_MACHINES", 3)
    parts = [part(f"chip {number}", **ACME | {"type": "device", "bom-ref": f"c{number}"}) for number in range(5)]

    load(cast.hospital, add(cast.hospital), bom(*parts, *parts[:1]))

    assert Unit.objects.count() == Machine.objects.count() == 3
    assert counts(cast.hospital) == (5, 0, {Reason.NO_PACKAGE_IDENTITY: 5})


# Everything around -----------------------------------------------------------------------------


def test_what_one_operator_lists_is_recognised_for_nobody_else(cast: Cast) -> None:
    take(CSAF, advisory(**FILE))
    for player in (cast.hospital, cast.bank):
        load(player, add(player), bom(part(**HELD)))
    work()
    Asset.objects.filter(organisation_id=cast.bank.organisation.public_id).update(listing=None)

    group = row(cast.hospital, FLAW).group_id
    mine, theirs = (queries.exposures_of(one.actor, group, now=NOON) for one in (cast.hospital, cast.coordinator))

    assert ([one.tier for one in mine], theirs) == (["exact"], [])
    assert {one.asset.organisation_id for one in PickedProduct.objects.all()} == {
        player.organisation.public_id for player in (cast.hospital, cast.bank)
    }


def test_a_statement_about_the_product_quiets_what_its_digest_found(cast: Cast) -> None:
    take(CSAF, advisory(**FILE))
    load(cast.hospital, add(cast.hospital), bom(part(**HELD)))
    statement = stated(FLAW, "not_affected", justification="vulnerable_code_not_present")
    statement["products"] = [{"@id": "urn:gate", "hashes": {"sha-256": DIGEST}}]
    work()
    before = rows(cast.hospital)[0].closed_because

    take_in(cast.hospital, openvex(statement))
    work()

    assert before == ""
    assert (rows(cast.hospital)[0].closed_because, [one[:2] for one in fates(cast.hospital)]) == ("quieted", [(1, 0)])


def test_a_large_list_left_to_a_job_is_recognised_as_one_that_is_loaded_at_once(
    cast: Cast, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(loads, "MANY_LINES", 1)
    monkeypatch.setattr("watchbell.apps.inventory.services.building.UNKNOWN_AT_ONCE", 3)
    take(CSAF, advisory("ACME-1", **FILE), tidegate("ACME-2"))
    table = {"name": "web server", "vendor": "Acme", "product": "Tidegate TG-2200", "firmware": "2.8"}
    take_table(cast.bank, table)
    parts = part(**HELD), part(**TG | {"bom-ref": "y"}), part("z", **{"bom-ref": "z"})
    load(cast.hospital, add(cast.hospital), bom(*parts))
    received = services.Received(content=bom(*parts), store=keys.blob_store())

    waiting = services.hand_in_sbom(received, asset=add(cast.bank), by=cast.bank.actor, now=NOON, rng=DICE)
    work()

    assert not waiting.is_over
    assert [(one.display_id, one.tier, one.exposures) for one in rows(cast.bank)] == [
        (one.display_id, one.tier, one.exposures) for one in rows(cast.hospital)
    ]
    assert counts(cast.bank) == counts(cast.hospital) == (3, 2, {Reason.NO_PACKAGE_IDENTITY: 1})


def test_an_asset_that_is_removed_takes_its_marks_and_picks_with_it(cast: Cast) -> None:
    take(CSAF, advisory(**FILE))
    asset = add(cast.hospital)
    load(cast.hospital, asset, bom(part(**HELD), part(**TG | {"bom-ref": "y"})))
    work()

    services.remove_asset(asset=asset, by=cast.hospital.actor, now=NOON)
    work()

    assert [one.closed_because for one in rows(cast.hospital)] == ["gone"]
    assert not PickedProduct.objects.exists()
    assert not Unassessable.objects.exists()
    assert not Mark.objects.filter(line__isnull=False).exists()


def test_what_was_handed_in_before_anybody_looked_is_stopped_and_goes_on(cast: Cast) -> None:
    """A worker that is told to stop between two looks has written what it had; the next one writes the rest."""
    load(cast.hospital, add(cast.hospital), bom(part(**HELD)))
    take(CSAF, advisory(**FILE))

    class Claim:
        total_before, done_before = None, 0

        def renew(self, *, now: Any, done: int, total: int | None, note: str) -> bool:
            return False

    with pytest.raises(Interrupted):
        marked.recognise_marked(now=NOON, rng=DICE, progress=Progress(Claim(), lambda: NOON, is_stopping=lambda: True))
    between = PickedProduct.objects.count()
    marked.recognise_marked(now=NOON, rng=DICE)

    assert (between, PickedProduct.objects.count()) == (0, 1)
