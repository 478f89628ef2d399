"""What is measured is written down before the first call, and the record says so; amendments say why, and when."""

from dataclasses import replace
from datetime import timedelta

import pytest
from tests.apps.scene_engagements import DICE, agreed, ask, keystore, token
from tests.apps.scene_engagements import admit as admit_calls
from tests.apps.scene_evaluation import (
    BEGAN,
    HELD_OUT,
    LATER,
    LOCKED,
    PATCH,
    by,
    drafted,
    locked,
    registered,
    signature,
    signed,
)
from tests.support.cast import CONSOLE, Cast
from tests.support.protocols import PATCH as PATCH_SUITE
from tests.support.protocols import PROTOCOL

from watchbell.apps.engagements import services as access
from watchbell.apps.engagements.services import IsOver, NotAllowed, NotSigned, NotYet
from watchbell.apps.evaluation import queries, services
from watchbell.apps.evaluation.models import Incident, Protocol
from watchbell.apps.evaluation.services import Happened, IsLocked, NotReady, RegisteredOtherwise
from watchbell.apps.evaluation.words import IncidentKind
from watchbell.apps.journal.models import Entry
from watchbell.domain.evaluation import Control, KnownAnswers
from watchbell.domain.metering import Admission
from watchbell.domain.suites import sets
from watchbell.domain.terms import Purpose

pytestmark = pytest.mark.django_db
HOUR = timedelta(hours=1)
HELD_OUT_TOO = replace(
    PROTOCOL, suites=(*PROTOCOL.suites, replace(PATCH_SUITE, benchmark="chain", families=("injection",)))
)


def entry(action: str) -> Entry:
    return Entry.objects.filter(action=action).latest("pk")


def places(error: pytest.ExceptionInfo[NotReady]) -> set[str]:
    return {one.place for one in error.value.problems}


def test_a_lock_writes_the_digest_into_the_record_of_both_parties_with_its_moment(cast: Cast) -> None:
    scene = locked(cast)

    said = entry("evaluation.protocol_locked")
    assert (said.digests["protocol"], said.at, said.facts["calls_before"]) == (PROTOCOL.digest, LOCKED, 0)
    parties = {cast.lab.organisation.public_id, cast.evaluator.organisation.public_id}
    assert {one.organisation_id for one in said.concerns.all()} == parties
    assert scene.protocol.digest == services.opened(scene.protocol, keys=keystore()).digest


def test_locking_again_changes_nothing(cast: Cast) -> None:
    scene = locked(cast)

    again = services.lock(scene.protocol, **by(cast, now=LATER, rng=False))

    assert again.locked_at == LOCKED
    assert Entry.objects.filter(action="evaluation.protocol_locked").count() == 1


def test_what_is_locked_is_not_changed_and_a_draft_is(cast: Cast) -> None:
    scene, other = drafted(cast), replace(PROTOCOL, title="Another look")
    services.change_draft(scene.protocol, other, **by(cast, rng=False))
    services.lock(scene.protocol, **by(cast, now=LOCKED, rng=False))

    with pytest.raises(IsLocked):
        services.change_draft(scene.protocol, PROTOCOL, **by(cast, rng=False))

    assert scene.fresh().digest == other.digest


def test_the_bytes_of_a_protocol_stand_nowhere_in_the_open(cast: Cast) -> None:
    scene = locked(cast)

    row = Protocol.objects.filter(pk=scene.protocol.pk).values()[0]
    assert b"Northlight" not in b"".join(
        bytes(value) for value in row.values() if isinstance(value, bytes | memoryview)
    )
    assert not any("northlight" in str(value).lower() for value in row.values() if not isinstance(value, bytes))


@pytest.mark.parametrize(
    ("change", "place"),
    [
        ({"model": replace(PROTOCOL.model, digest="ab" * 32)}, "/model/digest"),
        ({"model": replace(PROTOCOL.model, alias="another")}, "/model/alias"),
        ({"suites": (replace(PROTOCOL.suites[0], version="2"),)}, "/suites/0"),
        ({"suites": (replace(PROTOCOL.suites[0], families=("unheard",)),)}, "/suites/0"),
        ({"budgets": ()}, "/budgets"),
    ],
)
def test_a_protocol_that_does_not_fit_its_engagement_is_not_locked(
    cast: Cast, change: dict[str, object], place: str
) -> None:
    scene = drafted(cast, replace(PROTOCOL, **change))  # type: ignore[arg-type]

    with pytest.raises(NotReady) as error:
        services.lock(scene.protocol, **by(cast, rng=False))

    assert place in places(error)
    assert scene.fresh().locked_at is None


def test_held_out_items_are_committed_to_before_the_lock_and_revealed_when_access_is_over(cast: Cast) -> None:
    scene = drafted(cast, HELD_OUT_TOO)
    benchmark = registered(cast, HELD_OUT)
    with pytest.raises(NotReady) as error:
        services.lock(scene.protocol, **by(cast, rng=False))
    assert places(error) == {"/suites/1"}
    row = services.commit_seed(scene.engagement, benchmark, **by(cast))
    assert services.commit_seed(scene.engagement, benchmark, **by(cast)) == row
    assert services.lock(scene.protocol, **by(cast, rng=False)).locked_at
    with pytest.raises(NotYet):
        services.reveal_seed(row, **by(cast, rng=False))
    seed = services.seed_of(row, by=cast.evaluator.actor, keys=keystore())

    access.withdraw(scene.engagement, **by(cast, "lab", now=LATER))
    assert services.make_round(now=LATER, keys=keystore()) >= 1
    row.refresh_from_db()

    assert bytes(row.seed) == seed
    assert sets.opens(row.commitment, bytes(row.seed), bytes(row.salt))
    assert entry("evaluation.seed_committed").digests == entry("evaluation.seed_revealed").digests


def test_the_developer_does_not_read_the_seed_before_it_is_revealed(cast: Cast) -> None:
    scene = drafted(cast)
    row = services.commit_seed(scene.engagement, registered(cast, HELD_OUT), **by(cast))

    with pytest.raises(NotAllowed):
        services.seed_of(row, by=cast.lab.actor, keys=keystore())

    assert (bytes(row.seed), bytes(row.salt)) == (b"", b"")


def test_an_amendment_before_any_call_is_a_new_version_with_a_reason_and_no_mark(cast: Cast) -> None:
    scene = locked(cast)
    newer = services.amend(scene.protocol, replace(PROTOCOL, epochs=3), "One more epoch.", **by(cast, now=LATER))

    newer = services.lock(newer, **by(cast, now=LATER, rng=False))

    assert (newer.number, newer.line, newer.supersedes, newer.after_data) == (
        2,
        scene.protocol.line,
        scene.protocol,
        False,
    )
    assert services.reason_of(newer, keys=keystore()) == "One more epoch."
    assert scene.fresh().digest == PROTOCOL.digest


def test_an_amendment_after_a_call_is_marked_for_ever(cast: Cast) -> None:
    scene = locked(cast)
    assert isinstance(admit_calls(ask(token(scene.access, now=LATER)), now=LATER)[0], Admission)
    newer = services.amend(scene.protocol, replace(PROTOCOL, epochs=3), "More.", **by(cast, now=LATER + HOUR))

    assert services.lock(newer, **by(cast, now=LATER + HOUR, rng=False)).after_data
    assert entry("evaluation.protocol_locked").facts["after_data"] is True


def test_an_amendment_after_a_sample_is_marked_for_ever(cast: Cast) -> None:
    scene = signed(cast)
    scene.take_in("plain.eval")
    newer = services.amend(scene.protocol, replace(PROTOCOL, epochs=3), "More.", **by(cast, now=LATER))

    assert services.lock(newer, **by(cast, now=LATER, rng=False)).after_data


@pytest.mark.parametrize("reason", ["", "  ", "x" * 2001])
def test_an_amendment_without_a_reason_is_none(cast: Cast, reason: str) -> None:
    scene = locked(cast)

    with pytest.raises(NotYet):
        services.amend(scene.protocol, PROTOCOL, reason, **by(cast))


def test_a_version_is_amended_once(cast: Cast) -> None:
    scene = locked(cast)
    draft = services.amend(scene.protocol, replace(PROTOCOL, epochs=3), "More.", **by(cast))

    for row in (scene.protocol, draft):
        with pytest.raises(NotYet):
            services.amend(row, PROTOCOL, "Again.", **by(cast))


def test_nothing_is_written_before_both_have_signed_nor_after_access_is_over(cast: Cast) -> None:
    scene = locked(cast)
    access.withdraw(scene.engagement, **by(cast, "lab", now=LATER))

    with pytest.raises(IsOver):
        services.draft_protocol(scene.engagement, PROTOCOL, **by(cast, now=LATER))
    with pytest.raises(IsOver):
        services.amend(scene.protocol, PROTOCOL, "More.", **by(cast, now=LATER))


def test_a_protocol_may_be_locked_before_access_begins(cast: Cast) -> None:
    scene = agreed(cast, now=BEGAN)
    registered(cast)

    row = services.draft_protocol(scene.engagement, PROTOCOL, **by(cast))

    assert services.lock(row, **by(cast, rng=False)).calls_before == 0


@pytest.mark.parametrize("who", ["lab", "coordinator", "vendor", "hospital"])
def test_nobody_but_the_evaluators_people_writes_locks_amends_or_signs(cast: Cast, who: str) -> None:
    scene, deed = locked(cast), by(cast, who)
    plain = by(cast, who, rng=False)

    for attempt in (
        lambda: services.draft_protocol(scene.engagement, PROTOCOL, **deed),
        lambda: services.change_draft(scene.protocol, PROTOCOL, **plain),
        lambda: services.lock(scene.protocol, **plain),
        lambda: services.amend(scene.protocol, PROTOCOL, "x", **deed),
        lambda: services.sign_containment(scene.protocol, signature(scene), **deed),
        lambda: services.mint_run_token(scene.protocol, **deed),
        lambda: services.register_benchmark(PATCH, by=deed["by"], now=BEGAN, rng=DICE),
        lambda: services.commit_seed(scene.engagement, registered(cast), **deed),
        lambda: scene.take_in("plain.eval", by=deed["by"]),
        lambda: services.report_incident(scene.engagement, happened(), **deed),
    ):
        with pytest.raises(NotAllowed):
            attempt()


def happened() -> Happened:
    return Happened(kind=IncidentKind.OUT_OF_SCOPE, noticed_at=LOCKED, note="It asked for another host.")


def test_a_token_to_run_with_waits_for_the_signed_statement(cast: Cast) -> None:
    scene = locked(cast)
    with pytest.raises(NotYet, match="Sign the statement"):
        services.mint_run_token(scene.protocol, **by(cast, now=LATER))

    services.sign_containment(scene.protocol, signature(scene), **by(cast, now=LATER))

    minted = services.mint_run_token(scene.protocol, **by(cast, now=LATER))
    assert minted.token.purpose == Purpose.RUN
    assert isinstance(admit_calls(ask(minted.text), now=LATER)[0], Admission)


def test_a_statement_signed_by_another_key_is_refused_and_the_right_one_counts_once(cast: Cast) -> None:
    scene = locked(cast)
    for wrong in (signature(scene, "lab"), bytes(64), b""):
        with pytest.raises(NotSigned):
            services.sign_containment(scene.protocol, wrong, **by(cast))

    first = services.sign_containment(scene.protocol, signature(scene), **by(cast))

    assert services.sign_containment(scene.protocol, signature(scene), **by(cast)) == first


def test_no_token_to_run_with_is_made_while_a_locked_protocol_has_no_statement_and_others_are(cast: Cast) -> None:
    scene = locked(cast)
    deed = {"lasts": HOUR, **by(cast, now=LATER)}

    with pytest.raises(NotYet, match="containment"):
        services.mint_token(scene.engagement, Purpose.RUN, **deed)
    assert services.mint_token(scene.engagement, Purpose.AUDIT, **deed).text

    services.sign_containment(scene.protocol, signature(scene), **by(cast))
    assert services.mint_token(scene.engagement, Purpose.RUN, **deed).text


def test_an_engagement_without_a_protocol_takes_no_statement(cast: Cast) -> None:
    scene = drafted(cast)

    assert services.mint_token(scene.engagement, Purpose.RUN, lasts=HOUR, **by(cast, now=LATER)).text


def test_an_incident_ends_every_token_and_the_developer_reads_it_when_it_is_told(cast: Cast) -> None:
    scene = signed(cast)
    text = services.mint_run_token(scene.protocol, **by(cast, now=LATER)).text

    incident = services.report_incident(scene.engagement, happened(), **by(cast, now=LATER + HOUR / 2))

    assert not isinstance(admit_calls(ask(text), now=LATER + HOUR)[0], Admission)
    said = entry("evaluation.incident")
    assert (said.facts["kind"], said.facts["tokens_ended"]) == ("out_of_scope", 1)
    assert cast.lab.organisation.public_id in {one.organisation_id for one in said.concerns.all()}
    own = queries.incidents_of(scene.engagement.public_id, cast.lab.actor, now=LATER + HOUR)
    assert [one.public_id for one in own] == [incident.public_id]
    assert b"another host" not in bytes(incident.sealed_note)


def test_after_an_incident_runs_go_on_when_the_developer_has_settled_it_and_by_nobody_else(cast: Cast) -> None:
    scene = signed(cast)
    incident = services.report_incident(scene.engagement, happened(), **by(cast, now=LATER))
    with pytest.raises(NotYet, match="incident"):
        services.mint_run_token(scene.protocol, **by(cast, now=LATER))
    with pytest.raises(NotAllowed):
        services.settle_incident(incident, "Found.", by=cast.evaluator.actor, now=LATER, keys=keystore())

    services.settle_incident(incident, "Found.", by=cast.lab.actor, now=LATER, keys=keystore())

    assert services.mint_run_token(scene.protocol, **by(cast, now=LATER)).text
    assert Incident.objects.get().settled_at == LATER


def test_a_benchmark_version_is_registered_once_and_never_under_other_digests(cast: Cast) -> None:
    first = registered(cast)

    assert registered(cast) == first
    with pytest.raises(RegisteredOtherwise):
        registered(cast, replace(PATCH, content="ef" * 32))


def test_a_benchmark_whose_controls_earn_something_is_not_registered(cast: Cast) -> None:
    known = {**PATCH.known, Control.DESTRUCTIVE: KnownAnswers(tried=6, solved=1)}

    with pytest.raises(NotReady):
        registered(cast, replace(PATCH, known=known))


def test_an_evaluators_benchmarks_are_its_own_and_the_nodes_are_everyones(cast: Cast) -> None:
    registered(cast)
    services.register_benchmark(HELD_OUT, by=CONSOLE, now=BEGAN, rng=DICE)

    assert [row.name for row in queries.benchmarks_for(cast.evaluator.actor)] == ["chain", "patch"]
    assert [row.name for row in queries.benchmarks_for(cast.lab.actor)] == ["chain"]
