"""A large list is left to a job: the same rows as at once, nothing in force before all is there, the newest wins."""

from contextlib import suppress
from datetime import datetime, timedelta

import pytest
from tests.apps import scene_inventory as scene
from tests.conftest import NOON
from tests.support.cast import Cast, Player

from watchbell.apps.inventory import queries, services
from watchbell.apps.inventory.models import Asset, Component, Document, Gap, Listing, Load, Unassessable
from watchbell.apps.inventory.services import building, listings, loads
from watchbell.apps.jobs.models import Job
from watchbell.apps.jobs.progress import Interrupted, Progress
from watchbell.apps.journal.models import Entry
from watchbell.domain.refusal import Refused
from watchbell.doors import keys

pytestmark = pytest.mark.django_db

PURLS = [f"pkg:pypi/p{number}@{number % 3}.1" for number in range(20)] + ["pkg:pypi/p1@1.1", "pkg:npm/left-pad@latest"]
NAMED = tuple((f"firmware {number % 4}", "3") for number in range(7))
BILL = scene.sbom(*PURLS, named=NAMED)


@pytest.fixture(autouse=True)
def few_are_many(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(loads, "MANY_LINES", 5)
    monkeypatch.setattr(building, "VERSIONS_AT_ONCE", 4)
    monkeypatch.setattr(building, "UNKNOWN_AT_ONCE", 2)


def add(player: Player, name: str = "Server") -> Asset:
    details = services.NewAsset(name=name)
    organisation = player.organisation.public_id
    return services.add_asset(details, organisation=organisation, by=player.actor, now=NOON, rng=scene.DICE)


def put(player: Player, asset: Asset, content: bytes = BILL, *, at_once: bool = False) -> services.Loaded:
    received = services.Received(content=content, store=keys.blob_store())
    load = services.load_sbom if at_once else services.hand_in_sbom
    return load(received, asset=asset, by=player.actor, now=NOON, rng=scene.DICE)


def held(asset: Asset) -> tuple[object, ...]:
    """Return every row of the list in force, and what it and its document count."""
    asset.refresh_from_db()
    assert asset.listing is not None
    rows = Component.objects.filter(listing=asset.listing)
    unknown = Unassessable.objects.filter(listing=asset.listing)
    return (
        sorted(rows.values_list("version__name", "version__raw", "times")),
        sorted(unknown.values_list("name", "version", "purl", "word", "reason", "times")),
        sorted(Gap.objects.filter(listing=asset.listing).values_list("reason", "components")),
        (asset.listing.components, asset.listing.assessed),
        (asset.listing.document.components, asset.listing.document.assessed, asset.listing.document.format),
    )


class Held:
    """A claim on a job that notes what it is told."""

    total_before = None

    def __init__(self, done_before: int = 0) -> None:
        self.done_before, self.said = done_before, [done_before]

    def renew(self, *, now: datetime, done: int, total: int | None, note: str) -> bool:
        self.said.append(done)
        return False


def take(load: str, claim: Held, *, stop_after: int = 10**9) -> None:
    """Work on a load as its job, until the worker is told to stop after so many parts."""
    progress = Progress(claim, lambda: NOON, is_stopping=lambda: len(claim.said) > stop_after)
    services.load(load, store=keys.blob_store(), progress=progress, now=NOON, rng=scene.DICE)


def test_a_job_loads_the_rows_that_are_loaded_at_once(cast: Cast) -> None:
    at_once, later = add(cast.hospital), add(cast.bank)
    put(cast.hospital, at_once, at_once=True)
    waiting = put(cast.bank, later)
    before = queries.coverage(cast.bank.actor, now=NOON).components
    scene.work()

    assert (waiting.is_over, before) == (False, 0)
    assert held(later) == held(at_once)
    assert Load.objects.get().stage == Load.Stage.LOADED
    loaded = Entry.objects.filter(action="inventory.loaded").values_list("facts", "digests")
    assert loaded[0] == loaded[1]


def test_a_load_cut_off_at_any_part_goes_on_behind_it_and_shows_nothing_before_all_is_there(cast: Cast) -> None:
    at_once = add(cast.hospital)
    put(cast.hospital, at_once, at_once=True)
    asset = add(cast.bank)
    load, done = put(cast.bank, asset).load, [0]

    while done[-1] < 25:
        with pytest.raises(Interrupted):
            take(load, Held(done[-1]), stop_after=5)
        assert queries.coverage(cast.bank.actor, now=NOON).components == 0
        done.append(Load.objects.get().done)
    take(load, Held(done[-1]))

    assert done == sorted(set(done))
    assert held(asset) == held(at_once)
    assert Listing.objects.count() == 2


def test_the_same_document_again_asks_for_the_same_load_and_then_changes_nothing(cast: Cast) -> None:
    asset = add(cast.hospital)
    first, again = put(cast.hospital, asset), put(cast.hospital, asset)
    scene.work()
    rows = held(asset)

    over = put(cast.hospital, asset)

    assert first.load == again.load
    assert (over.is_over, over.unchanged, over.components) == (True, [asset.public_id], 29)
    assert held(asset) == rows
    assert Job.objects.filter(kind="inventory.load").count() == 1


@pytest.mark.parametrize("at_once", [True, False])
def test_the_list_that_came_in_last_is_the_one_in_force(cast: Cast, at_once: bool) -> None:
    asset = add(cast.hospital)
    older = put(cast.hospital, asset).load
    take_some = Held()
    with pytest.raises(Interrupted):
        take(older, take_some, stop_after=4)

    put(cast.hospital, asset, scene.sbom(*PURLS[:12]), at_once=at_once)
    scene.work()

    asset.refresh_from_db()
    assert asset.listing is not None
    assert asset.listing.components == 12
    assert Load.objects.get(public_id=older).stage == Load.Stage.REPLACED
    assert Listing.objects.count() == 1


def test_a_load_that_is_stopped_leaves_the_list_before_it_and_its_rest_is_cleared(cast: Cast) -> None:
    asset = add(cast.hospital)
    put(cast.hospital, asset, scene.sbom("pkg:pypi/jinja2@2.10"))
    load = put(cast.hospital, asset).load
    with pytest.raises(Interrupted):
        take(load, Held(), stop_after=4)

    for stranger in (cast.bank.actor, cast.reader):
        with pytest.raises(services.NotAllowed):
            services.stop(load, by=stranger, now=NOON)
    services.stop(load, by=cast.hospital.actor, now=NOON)
    with pytest.raises(services.NotWaiting):
        services.stop(load, by=cast.hospital.actor, now=NOON)
    scene.work()
    listings.clear_abandoned(now=NOON + listings.ABANDONED_AFTER)

    assert queries.coverage(cast.hospital.actor, now=NOON).components == 1
    assert Listing.objects.count() == 1
    put(cast.hospital, asset)
    scene.work()
    assert queries.coverage(cast.hospital.actor, now=NOON).components == 29


def test_a_large_document_that_cannot_be_read_is_refused_at_once_and_nothing_is_kept(cast: Cast) -> None:
    asset = add(cast.hospital)
    broken = BILL[:-40]

    places = []
    for at_once in (True, False):
        with pytest.raises(Refused) as refused:
            put(cast.hospital, asset, broken, at_once=at_once)
        places.append((refused.value.refusal.code, refused.value.refusal.place))

    assert places[0] == places[1]
    assert not Document.objects.exists()
    assert not Job.objects.exists()


def test_one_operator_cannot_fill_the_list_of_work(cast: Cast, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(loads, "MOST_WAITING", 1)
    put(cast.hospital, add(cast.hospital, "one"))

    with pytest.raises(services.TooManyWaiting):
        put(cast.hospital, add(cast.hospital, "two"))
    put(cast.bank, add(cast.bank))
    scene.work()
    put(cast.hospital, add(cast.hospital, "two"))

    assert Load.objects.count() == 3


LINES = [
    {"name": f"server {number % 4}", "purl": f"pkg:pypi/p{number}@1.{number}", "exposed": "no"} for number in range(12)
]
TABLE = scene.table(*LINES, {"name": "server 9", "purl": "pkg:pypi/x@1", "exposed": "perhaps"})


def put_table(player: Player, content: bytes = TABLE, *, at_once: bool = False) -> services.Loaded:
    received = services.Received(content=content, store=keys.blob_store())
    load = services.load_csv if at_once else services.hand_in_table
    return load(received, organisation=player.organisation.public_id, by=player.actor, now=NOON, rng=scene.DICE)


def servers(player: Player) -> list[Asset]:
    return list(Asset.objects.filter(organisation_id=player.organisation.public_id).order_by("name"))


def test_a_large_table_killed_after_any_asset_ends_as_one_that_was_loaded_at_once(cast: Cast) -> None:
    put_table(cast.hospital, at_once=True)
    document = put_table(cast.bank).load
    before, received = len(servers(cast.bank)), int(NOON.timestamp() * 1_000_000)

    for stop_after in (1, 2, 9):
        claim = Held()
        progress = Progress(claim, lambda: NOON, is_stopping=lambda c=claim, n=stop_after: len(c.said) > n)  # type: ignore[misc]
        with suppress(Interrupted):
            services.load_table(
                document, received=received, store=keys.blob_store(), progress=progress, now=NOON, rng=scene.DICE
            )
    scene.work()

    loaded = Entry.objects.filter(action="inventory.loaded", organisation_id=cast.bank.organisation.public_id)
    assert before == 0
    assert [held(one) for one in servers(cast.bank)] == [held(one) for one in servers(cast.hospital)]
    assert [one.exposed for one in servers(cast.bank)] == ["no"] * 4
    assert loaded.count() == 4
    assert Job.objects.get(kind="inventory.load_table").state == "done"
    assert Document.objects.get(public_id=document).refused == 1


def test_an_asset_that_got_a_newer_list_while_the_table_waited_keeps_it(cast: Cast) -> None:
    put_table(cast.hospital)
    server = add(cast.hospital, "server 1")
    received = services.Received(content=scene.sbom("pkg:pypi/newer@9"), store=keys.blob_store())
    later = NOON + timedelta(minutes=1)
    services.load_sbom(received, asset=server, by=cast.hospital.actor, now=later, rng=scene.DICE)

    scene.work(now=later)

    components = {one.name: one.listing.components for one in servers(cast.hospital) if one.listing}
    assert components == {"server 0": 3, "server 1": 1, "server 2": 3, "server 3": 3}


def test_the_same_large_table_sent_twice_waits_once_and_a_small_one_is_loaded_at_once(cast: Cast) -> None:
    first, again = put_table(cast.hospital), put_table(cast.hospital)
    small = put_table(cast.bank, scene.table(*LINES[:4]))

    assert first.load == again.load
    assert Job.objects.filter(kind="inventory.load_table").count() == 1
    assert (small.is_over, small.components) == (True, 4)
