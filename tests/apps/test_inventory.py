"""What an operator runs comes in whole or not at all, is counted to the last component, and is nobody else's to see."""

import json
from pathlib import Path

import pytest
from tests.apps.scene_inventory import (
    CONSOLE,
    DICE,
    add,
    between,
    list_in_kev,
    load,
    osv,
    publish,
    rows,
    sbom,
    table,
    work,
)
from tests.conftest import NOON
from tests.support.cast import Cast

from watchbell.apps.inventory import queries, services
from watchbell.apps.inventory.models import (
    Asset,
    Component,
    Document,
    Gap,
    Listing,
    Match,
    PackageVersion,
    PickedProduct,
)
from watchbell.apps.inventory.services import listings
from watchbell.apps.journal.models import Entry
from watchbell.apps.vulnerabilities import queries as published
from watchbell.domain.matching.outcomes import Reason
from watchbell.domain.priority import Exposure
from watchbell.domain.refusal import Refused
from watchbell.doors import inventories
from watchbell.formats.installed import reading

pytestmark = pytest.mark.django_db
LISTS = Path(__file__).resolve().parents[1] / "conformance" / "lockfiles"
SBOMS = Path(__file__).resolve().parents[3] / "shared" / "data" / "sboms"


def test_every_component_is_either_assessed_or_counted_with_the_reason_why_not(cast: Cast) -> None:
    asset = add(cast.hospital)
    content = sbom(
        "pkg:pypi/jinja2@2.10",
        "pkg:pypi/jinja2@2.10",
        "pkg:pypi/django",
        "pkg:npm/left-pad@latest",
        "pkg:conan/pump@1.0",
        "pkg:deb/debian/openssl@1.1",
        named=(("firmware", "3"), ("firmware", "3")),
    )

    loaded = load(cast.hospital, asset, content)

    coverage = queries.coverage(cast.hospital.actor, now=NOON)
    assert (loaded.components, loaded.assessed) == (8, 2)
    assert coverage.gaps == {
        Reason.NO_VERSION: 1,
        Reason.UNPARSABLE_VERSION: 1,
        Reason.UNKNOWN_ECOSYSTEM: 1,
        Reason.NO_DISTRO_RELEASE: 1,
        Reason.NO_PACKAGE_IDENTITY: 2,
    }
    assert coverage.assessed + sum(coverage.gaps.values()) == coverage.components == 8


@pytest.mark.parametrize(
    "path",
    [one for one in sorted(LISTS.iterdir()) if one.suffix not in (".py", ".csv") and one.is_file()],
    ids=lambda path: path.name,
)
def test_every_list_that_can_be_read_is_an_assets_contents_counted_whole(cast: Cast, path: Path) -> None:
    content = path.read_bytes()

    taken = inventories.take(content, name="the list")
    loaded = load(cast.hospital, add(cast.hospital), content)

    assert taken.kind is inventories.Kind.BILL
    assert loaded.components == len(reading.loads(content).components) > 0
    assert queries.coverage(cast.hospital.actor, now=NOON).components == loaded.components


def test_a_table_is_not_taken_for_the_list_of_one_asset(cast: Cast) -> None:
    content = (LISTS / "wards.csv").read_bytes()

    with pytest.raises(Refused) as refused:
        load(cast.hospital, add(cast.hospital), content)

    assert inventories.take(content, name="the list").kind is inventories.Kind.TABLE
    assert refused.value.refusal.code == "not-an-sbom"


def test_loading_the_same_document_again_changes_nothing(cast: Cast) -> None:
    asset = add(cast.hospital)
    content = sbom("pkg:pypi/jinja2@2.10")
    load(cast.hospital, asset, content)
    entries, listing = Entry.objects.count(), Listing.objects.get()

    again = load(cast.hospital, asset, content)

    assert (again.changed, again.unchanged) == ([], [asset.public_id])
    assert (Entry.objects.count(), Listing.objects.get(), Document.objects.count()) == (entries, listing, 1)


def test_a_new_list_takes_the_place_of_the_old_one_in_one_step(cast: Cast) -> None:
    asset = add(cast.hospital)
    load(cast.hospital, asset, sbom("pkg:pypi/jinja2@2.10", "pkg:pypi/django@4.0"))

    load(cast.hospital, asset, sbom("pkg:pypi/jinja2@3.0"))

    asset.refresh_from_db()
    held = Component.objects.filter(listing=asset.listing_id).values_list("version__raw", flat=True)
    assert list(held) == ["3.0"]
    assert Component.objects.count() == Listing.objects.count() == 1


def test_a_load_that_dies_half_way_leaves_the_old_list_in_force(cast: Cast, monkeypatch: pytest.MonkeyPatch) -> None:
    asset = add(cast.hospital)
    load(cast.hospital, asset, sbom("pkg:pypi/jinja2@2.10"))
    from watchbell.apps.inventory.services import loading

    def die(*_: object, **__: object) -> None:
        raise ConnectionError

    monkeypatch.setattr(loading, "put_in_force", die)
    with pytest.raises(ConnectionError):
        load(cast.hospital, asset, sbom("pkg:pypi/jinja2@3.0"))
    monkeypatch.undo()

    assert queries.coverage(cast.hospital.actor, now=NOON).components == 1
    load(cast.hospital, asset, sbom("pkg:pypi/jinja2@3.1"))
    held = Component.objects.filter(listing__in_force_for=asset).values_list("version__raw", flat=True)
    assert list(held) == ["3.1"]


def test_a_document_that_is_no_bill_of_materials_is_refused_and_nothing_is_stored(cast: Cast) -> None:
    asset = add(cast.hospital)

    with pytest.raises(Refused) as refused:
        load(cast.hospital, asset, b'{"hello": "world"}')

    assert refused.value.refusal.code == "not-an-sbom"
    assert Document.objects.count() == Listing.objects.count() == 0


def test_nobody_but_the_operator_sees_what_it_runs(cast: Cast) -> None:
    load(cast.hospital, add(cast.hospital), sbom("pkg:pypi/jinja2@2.10"))
    publish(osv("PYSEC-1", "jinja2", *between("0", "2.10.1")))
    work()
    group = published.group_of("PYSEC-1")
    assert group is not None

    for viewer in (cast.coordinator.actor, cast.admin, cast.bank.actor, cast.vendor.actor, cast.mallory):
        assert not queries.visible_to(viewer, now=NOON).exists()
        assert queries.coverage(viewer, now=NOON).components == 0
        assert queries.exposures_of(viewer, group.public_id, now=NOON) == []
    assert len(queries.exposures_of(cast.reader, group.public_id, now=NOON)) == 1


def test_only_the_operators_people_who_may_write_change_its_inventory(cast: Cast) -> None:
    asset = add(cast.hospital)
    received = services.Received(content=sbom("pkg:pypi/a@1"))

    for stranger in (cast.bank.actor, cast.coordinator.actor, cast.admin, cast.reader, cast.mallory):
        with pytest.raises(services.NotAllowed):
            services.answer_exposed(asset=asset, answer=Exposure.NO, by=stranger, now=NOON)
        with pytest.raises(services.NotAllowed):
            services.load_sbom(received, asset=asset, by=stranger, now=NOON, rng=DICE)


def test_what_a_drill_down_shows_says_why_and_what_ends_it(cast: Cast) -> None:
    load(cast.hospital, add(cast.hospital), sbom("pkg:pypi/Jinja2@2.10", "pkg:pypi/django"))
    publish(osv("PYSEC-1", "jinja2", *between("0", "2.10.1")), osv("PYSEC-2", "django", *between("1", "2")))
    work()

    def drilled(name: str) -> queries.Exposed:
        group = published.group_of(name)
        assert group is not None
        (one,) = queries.exposures_of(cast.hospital.actor, group.public_id, now=NOON)
        return one

    sure, unsure = drilled("PYSEC-1"), drilled("PYSEC-2")
    assert (sure.tier, sure.because, sure.fixed, sure.record) == (
        "exact",
        "2.10 is in [0, 2.10.1)",
        "2.10.1",
        "PYSEC-1",
    )
    assert (unsure.tier, unsure.reason) == ("cannot tell", Reason.NO_VERSION)


def test_a_table_makes_one_asset_for_each_name_and_refuses_bad_lines_alone(cast: Cast) -> None:
    list_in_kev("CVE-2026-1001", product="FortGate")
    content = table(
        {"name": "door", "product": "FortGate", "vendor": "Acme", "version": "7", "purl": "", "exposed": "yes"},
        {"name": "door", "product": "", "vendor": "", "version": "2.10", "purl": "pkg:pypi/jinja2", "exposed": ""},
        {"name": "pump", "product": "Unheard-of", "vendor": "", "version": "", "purl": "", "exposed": "no"},
        {"name": "bad", "product": "x", "vendor": "", "version": "", "purl": "", "exposed": "perhaps"},
    )
    received = services.Received(content=content)
    organisation = cast.hospital.organisation.public_id

    loaded = services.load_csv(received, organisation=organisation, by=cast.hospital.actor, now=NOON, rng=DICE)

    assets = {one.name: one for one in Asset.objects.all()}
    assert {name: one.exposed for name, one in assets.items()} == {"door": "yes", "pump": "no"}
    assert (loaded.components, loaded.assessed, [one.place for one in loaded.refusals]) == (3, 2, ["line 5"])
    assert PickedProduct.objects.get().name == "Acme FortGate"
    assert dict(Gap.objects.values_list("reason", "components")) == {Reason.NO_PACKAGE_IDENTITY: 1}


def test_loading_the_same_table_again_keeps_what_a_person_answered_since(cast: Cast) -> None:
    content = table({"name": "door", "product": "", "purl": "pkg:pypi/jinja2@1", "exposed": "yes"})
    organisation = cast.hospital.organisation.public_id

    def take() -> services.Loaded:
        received = services.Received(content=content)
        return services.load_csv(received, organisation=organisation, by=cast.hospital.actor, now=NOON, rng=DICE)

    take()
    door = Asset.objects.get()
    services.answer_exposed(asset=door, answer=Exposure.NO, by=cast.hospital.actor, now=NOON)
    again = take()

    door.refresh_from_db()
    assert (door.exposed, again.changed) == ("no", [])


def test_a_picked_product_is_found_by_its_name_and_counts_as_possible(cast: Cast) -> None:
    list_in_kev("CVE-2026-1001", product="FortGate")
    asset = add(cast.hospital)
    (choice,) = published.products("fortgate")

    services.pick_product(
        asset=asset, product=choice.public_id, label="Acme FortGate", by=cast.hospital.actor, now=NOON, rng=DICE
    )

    group = published.group_of("CVE-2026-1001")
    assert group is not None
    (shown,) = queries.exposures_of(cast.hospital.actor, group.public_id, now=NOON)
    assert (shown.tier, shown.what) == ("possible", "Acme FortGate")
    with pytest.raises(services.NoSuchProduct):
        services.pick_product(asset=asset, product="0" * 32, label="x", by=cast.hospital.actor, now=NOON, rng=DICE)


def test_the_journal_names_counts_and_digests_and_never_a_package(cast: Cast) -> None:
    load(cast.hospital, add(cast.hospital, "pump control"), sbom("pkg:pypi/jinja2@2.10"))
    work()

    said = json.dumps(list(Entry.objects.filter(action__startswith="inventory").values("action", "facts", "digests")))

    assert "inventory.loaded" in said
    assert "inventory.matched" in said
    assert "jinja2" not in said
    assert "pump" not in said


def test_versions_that_no_list_names_any_more_are_forgotten_with_their_matches(cast: Cast) -> None:
    asset = add(cast.hospital)
    publish(osv("PYSEC-1", "jinja2", *between("0", "9")))
    load(cast.hospital, asset, sbom("pkg:pypi/jinja2@2.10"))
    work()
    load(cast.hospital, asset, sbom("pkg:pypi/jinja2@3.0"))
    work()

    listings.forget_unused_versions(now=NOON)

    assert list(PackageVersion.objects.values_list("raw", flat=True)) == ["3.0"]
    assert list(Match.objects.values_list("version__raw", flat=True)) == ["3.0"]


def test_an_asset_taken_out_of_service_goes_with_its_lists_and_its_rows_close(cast: Cast) -> None:
    asset = add(cast.hospital)
    load(cast.hospital, asset, sbom("pkg:pypi/jinja2@2.10", named=(("firmware", "3"),)))
    publish(osv("PYSEC-1", "jinja2", *between("0", "9")))
    work()

    services.remove_asset(asset=asset, by=cast.hospital.actor, now=NOON)
    work()

    assert Asset.objects.count() == Listing.objects.count() == Component.objects.count() == 0
    assert [one.closed_because for one in rows(cast.hospital)] == ["gone"]


@pytest.mark.slow
@pytest.mark.skipif(not SBOMS.exists(), reason="the shared data set of real bills of materials is not on this machine")
def test_the_counts_of_every_real_bill_of_materials_add_up(cast: Cast) -> None:
    components = 0
    for number, path in enumerate(sorted(SBOMS.glob("*.json"))):
        asset = add(cast.hospital, f"asset {number}")
        received = services.Received(content=path.read_bytes())
        loaded = services.load_sbom(received, asset=asset, by=CONSOLE, now=NOON, rng=DICE)
        components += loaded.components
        gaps = Gap.objects.filter(listing__in_force_for=asset).values_list("components", flat=True)
        assert loaded.assessed + sum(gaps) == loaded.components, path.name

    coverage = queries.coverage(cast.hospital.actor, now=NOON)
    assert coverage.components == components
    assert coverage.assessed + sum(coverage.gaps.values()) == components
