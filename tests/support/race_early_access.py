"""This will let the deeds of early access run into each other in threads, and say what came of it.

Run as a program on a throwaway node that `init` made: `python -m tests.support.race_early_access 6`. Every race is
bounded in rounds and in time; a thread that does not come back is told as stuck.
"""

import json
import random
import sys
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from datetime import timedelta
from functools import partial
from typing import TYPE_CHECKING, Any

import django

if TYPE_CHECKING:
    from tests.apps.scene_engagements import Scene
    from tests.support.cast import Cast


LONGEST_SECONDS = 60
MODELS = iter(range(1, 10_000))


@dataclass
class Told:
    """What the threads of one race did: errors by name, and admissions of calls that began after the end was told."""

    errors: set[str] = field(default_factory=set)
    admitted: int = 0
    too_late: int = 0
    stuck: int = 0
    lock: threading.Lock = field(default_factory=threading.Lock)

    def together(self, *deeds: Callable[[], object]) -> None:
        """Run these deeds at the same moment, each in a thread and a connection of its own."""
        from django.db import Error, connection

        gate = threading.Barrier(len(deeds))

        def run(deed: Callable[[], object]) -> None:
            gate.wait()
            try:
                deed()
            except Exception as error:
                with self.lock:
                    self.errors.add(
                        f"{type(error).__name__}: {error}" if isinstance(error, Error) else type(error).__name__
                    )
            finally:
                connection.close()

        threads = [threading.Thread(target=run, args=(deed,), daemon=True) for deed in deeds]
        for thread in threads:
            thread.start()
        until = time.monotonic() + LONGEST_SECONDS
        for thread in threads:
            thread.join(max(until - time.monotonic(), 0))
        self.stuck += sum(thread.is_alive() for thread in threads)

    def as_mapping(self) -> dict[str, Any]:
        """Return what is told, as JSON values."""
        told = {"errors": sorted(self.errors), "admitted": self.admitted, "too_late": self.too_late}
        return {**told, "stuck": self.stuck}


def main() -> None:
    """Run every race as often as the argument says and print one line of JSON."""
    django.setup()
    from tests.conftest import NOON
    from tests.support.cast import make_cast

    rounds, cast = int(sys.argv[1]), make_cast(NOON)
    races: dict[str, Callable[[Cast, int], dict[str, Any]]] = {
        "withdraw": withdrawing,
        "withdraw before the start": withdrawing_at_the_start,
        "release": releasing,
        "evidence": forgetting,
        "two starts": starting_two,
        "removal": removing,
        "held": holding,
        "ledgers": counting,
    }
    sys.stdout.write(json.dumps({name: race(cast, rounds) for name, race in races.items()}) + "\n")


def fresh(cast: "Cast", stage: str = "started", **changes: Any) -> "Scene":
    """Return a scene with a model of its own."""
    from tests.apps import scene_engagements as scenes

    terms = replace(scenes.TERMS, **changes)
    made: Scene = getattr(scenes, stage)(cast, terms, digest=f"{next(MODELS):064x}")
    return made


def calling(scene: "Scene", texts: list[str], told: Told, is_over: threading.Event, chain: str) -> Callable[[], None]:
    """Return a deed that calls again and again until some calls after the end were turned away."""
    from tests.apps.scene_engagements import admit, ask
    from tests.conftest import NOON

    from watchbell.apps.engagements.services import metering
    from watchbell.domain.metering import Admission, Ending, Settlement, TurnedAway

    def call() -> None:
        left = 3
        while left:
            is_late = is_over.is_set()
            answers = admit(*[ask(one) for one in texts], chain=chain)
            going = [one for one in answers if isinstance(one, Admission)]
            with told.lock:
                told.admitted += len(going)
                told.too_late += len(going) if is_late else 0
            ends = [
                Settlement(
                    call=one.call, ending=Ending.ANSWERED, status=200, usage=None, response_digest="", response_bytes=0
                )
                for one in going
            ]
            metering.settle(ends, now=NOON)
            left -= is_late or all(isinstance(one, TurnedAway) for one in answers)

    return call


def after(deed: Callable[[], object], is_over: threading.Event, seconds: float) -> Callable[[], None]:
    """Return the deed after a moment; it tells when it was acknowledged."""

    def run() -> None:
        time.sleep(seconds)
        try:
            deed()
        finally:
            is_over.set()

    return run


def exported(scene: "Scene") -> bytes:
    """Return the whole log."""
    from tests.conftest import NOON

    from watchbell.apps.engagements import services
    from watchbell.doors.keys import keystore

    return b"".join(services.export(scene.engagement, by=scene.lab.actor, now=NOON, keys=keystore()))


def withdrawing(cast: "Cast", rounds: int) -> dict[str, Any]:
    """Withdraw twice while calls, endpoints, tokens, openings, exports and rounds go on."""
    from tests.apps.scene_engagements import DICE, ENDPOINT, token
    from tests.conftest import NOON

    from watchbell.apps.engagements import services
    from watchbell.apps.engagements.models import AccessLine, GatewayToken
    from watchbell.domain.terms import Purpose
    from watchbell.doors.keys import keystore

    told, dice, alive, after_the_end, receipts = Told(), random.Random(1), 0, 0, set()
    for _ in range(rounds):
        scene = fresh(cast)
        texts, is_over = [token(scene), token(scene)], threading.Event()
        first = GatewayToken.objects.filter(engagement=scene.engagement).order_by("pk")[0]
        lab, evaluator = scene.by("lab"), scene.by("evaluator")
        told.together(
            calling(scene, texts, told, is_over, "gateway-1"),
            calling(scene, texts, told, is_over, "gateway-2"),
            after(partial(services.withdraw, scene.engagement, **lab), is_over, dice.uniform(0, 0.15)),
            after(partial(services.withdraw, scene.engagement, **lab), threading.Event(), dice.uniform(0, 0.15)),
            partial(services.set_endpoint, scene.engagement, ENDPOINT, **lab),
            partial(services.mint, scene.engagement, Purpose.RUN, **evaluator),
            partial(services.end_token, first, by=scene.lab.actor, now=NOON),
            partial(services.open_terms, scene.engagement, Purpose.RUN, **evaluator),
            partial(exported, scene),
            partial(services.make_round, now=NOON, keys=keystore(), rng=DICE),
        )
        alive += scene.engagement.access_key in keystore().names()
        ended = AccessLine.objects.get(engagement=scene.engagement, what="ended").pk
        after_the_end += AccessLine.objects.filter(engagement=scene.engagement, what="call", pk__gt=ended).count()
        receipts.add(scene.engagement.receipts.count())
    return {**told.as_mapping(), "alive": alive, "after_the_end": after_the_end, "receipts": sorted(receipts)}


def withdrawing_at_the_start(cast: "Cast", rounds: int) -> dict[str, Any]:
    """Withdraw while the same engagement is started and a round goes on."""
    from tests.apps.scene_engagements import DICE
    from tests.conftest import NOON

    from watchbell.apps.engagements import services
    from watchbell.doors.keys import keystore

    told, alive, states = Told(), 0, set()
    for _ in range(rounds):
        scene = fresh(cast, "agreed")
        signature, lab = scene.sign("lab", services.start_to_sign(scene.engagement)), scene.by("lab")
        told.together(
            partial(services.start, scene.engagement, signature, **lab),
            partial(services.withdraw, scene.engagement, **lab),
            partial(services.make_round, now=NOON, keys=keystore(), rng=DICE),
        )
        alive += scene.engagement.access_key in keystore().names()
        states.add(scene.fresh().state)
    return {**told.as_mapping(), "alive": alive, "states": sorted(states)}


def releasing(cast: "Cast", rounds: int) -> dict[str, Any]:
    """Release a model while one of its engagements is withdrawn, another started and a third drafted."""
    from tests.apps import scene_engagements as scenes

    from watchbell.apps.engagements import services
    from watchbell.doors.keys import keystore

    told, alive, states = Told(), 0, set()
    for _ in range(rounds):
        digest = f"{next(MODELS):064x}"
        running, waiting = scenes.started(cast, digest=digest), scenes.agreed(cast, digest=digest)
        signature, lab = waiting.sign("lab", services.start_to_sign(waiting.engagement)), running.by("lab")
        terms = replace(scenes.TERMS, model_digest=digest)
        told.together(
            partial(services.release, running.model, services.Release.PUBLIC, **lab),
            partial(services.release, running.model, services.Release.PARTNERS, **lab),
            partial(services.withdraw, running.engagement, **lab),
            partial(services.start, waiting.engagement, signature, **lab),
            partial(services.draft, running.model, cast.evaluator.organisation.public_id, terms, **lab),
        )
        names = keystore().names()
        alive += sum(one.engagement.access_key in names for one in (running, waiting))
        states |= {running.fresh().state, waiting.fresh().state}
        running.model.refresh_from_db()
        states.add("released" if running.model.public_release_at and running.model.partner_release_at else "not")
    return {**told.as_mapping(), "alive": alive, "states": sorted(states)}


def forgetting(cast: "Cast", rounds: int) -> dict[str, Any]:
    """Open terms while their date comes and a second round finds the same."""
    from tests.apps.scene_engagements import DICE
    from tests.conftest import NOON

    from watchbell.apps.engagements import services
    from watchbell.domain.terms import Purpose
    from watchbell.doors.keys import keystore

    told, alive, receipts = Told(), 0, set()
    for _ in range(rounds):
        scene = fresh(cast)
        services.leave(scene.engagement, **scene.by("evaluator"))
        late = {**scene.by("lab"), "now": NOON + timedelta(days=15)}
        told.together(
            partial(services.make_round, now=late["now"], keys=keystore(), rng=DICE),
            partial(services.make_round, now=late["now"], keys=keystore(), rng=DICE),
            partial(services.open_terms, scene.engagement, Purpose.AUDIT, **scene.by("lab")),
            partial(services.open_terms, scene.fresh(), Purpose.AUDIT, **late),
        )
        alive += scene.engagement.evidence_key in keystore().names()
        receipts.add(scene.engagement.receipts.count())
    return {**told.as_mapping(), "alive": alive, "receipts": sorted(receipts)}


def starting_two(cast: "Cast", rounds: int) -> dict[str, Any]:
    """Start two engagements of one model at the same moment, with some of its days used up already."""
    from tests.apps import scene_engagements as scenes
    from tests.conftest import NOON

    from watchbell.apps.engagements import services
    from watchbell.apps.engagements.models import UsedWindow
    from watchbell.domain.lifecycle.window import Window, used_up

    told, longest = Told(), 0.0
    for _ in range(rounds):
        digest, later = f"{next(MODELS):064x}", NOON + timedelta(days=20)
        past = scenes.started(cast, digest=digest)
        services.withdraw(past.engagement, **{**past.by("lab"), "now": NOON + timedelta(days=11)})
        pair = [scenes.agreed(cast, now=later, digest=digest) for _ in range(2)]
        signed = [one.sign("lab", services.start_to_sign(one.engagement)) for one in pair]
        offsets = [timedelta(hours=7), timedelta(0)]
        told.together(
            *[
                partial(services.start, one.engagement, signature, **{**one.by("lab"), "now": later + offset})
                for one, signature, offset in zip(pair, signed, offsets, strict=True)
            ]
        )
        rows = UsedWindow.objects.filter(digest=digest)
        longest = max(longest, used_up(Window(row.starts_at, row.ends_at) for row in rows) / timedelta(hours=1))
    return {**told.as_mapping(), "longest": longest}


def newcomer(cast: "Cast", scene: "Scene") -> tuple[Any, Any, str]:
    """Return a member of the evaluator's with a seat: the membership, who they are, and a token of theirs."""
    from tests.apps.scene_engagements import DICE
    from tests.conftest import NOON
    from tests.support.cast import CONSOLE, actor

    from watchbell.apps.engagements import services
    from watchbell.apps.orgs import services as orgs
    from watchbell.domain.handling import Role
    from watchbell.domain.terms import Purpose
    from watchbell.doors.keys import keystore

    person = orgs.create_person(f"p{next(MODELS)}@evaluator.example", by=CONSOLE, now=NOON, rng=random.SystemRandom())
    membership = orgs.add_member(person, cast.evaluator.organisation, Role.OWNER, by=CONSOLE, now=NOON)
    seat = services.name_person(scene.engagement, person.public_id, **scene.by("evaluator"))
    signature = scene.sign("lab", services.admission_to_sign(seat))
    services.admit_person(seat, signature, by=scene.lab.actor, now=NOON, keys=keystore())
    own = actor(person, NOON)
    text = services.mint(scene.engagement, Purpose.RUN, by=own, now=NOON, keys=keystore(), rng=DICE).text
    return membership, own, text


def again(what: Callable[..., object], scene: "Scene", own: Any, is_over: threading.Event, told: Told) -> None:
    """Do it again and again until it is refused; what began after the end was told and was done all the same counts."""
    from tests.apps.scene_engagements import DICE
    from tests.conftest import NOON

    from watchbell.apps.engagements import services
    from watchbell.domain.terms import Purpose
    from watchbell.doors.keys import keystore

    while True:
        is_late = is_over.is_set()
        try:
            what(scene.engagement, Purpose.RUN, by=own, now=NOON, keys=keystore(), rng=DICE)
        except services.NotAllowed:
            return
        with told.lock:
            told.too_late += is_late


def removing(cast: "Cast", rounds: int) -> dict[str, Any]:
    """Remove a person from the evaluator while they call, open and mint, and while another owner is removed too."""
    from tests.conftest import NOON
    from tests.support.cast import CONSOLE

    from watchbell.apps.engagements import services
    from watchbell.apps.orgs import services as orgs

    told, dice = Told(), random.Random(2)
    for _ in range(rounds):
        scene, is_over = fresh(cast, personnel_at_most=3), threading.Event()
        (membership, own, text), (other, _, _) = newcomer(cast, scene), newcomer(cast, scene)
        told.together(
            calling(scene, [text], told, is_over, "gateway-1"),
            after(partial(orgs.remove_member, membership, by=CONSOLE, now=NOON), is_over, dice.uniform(0.02, 0.15)),
            partial(orgs.remove_member, other, by=CONSOLE, now=NOON),
            partial(again, services.open_terms, scene, own, is_over, told),
            partial(again, services.mint, scene, own, is_over, told),
        )
    return told.as_mapping()


def holding(cast: "Cast", rounds: int) -> dict[str, Any]:
    """Try to remove a person while a call of theirs is being decided: the removal waits for the decision's commit."""
    from django.db import transaction
    from tests.conftest import NOON
    from tests.support.cast import CONSOLE

    from watchbell.apps.engagements.services.standing import working_for
    from watchbell.apps.orgs import services as orgs

    told, order = Told(), list[str]()
    scene = fresh(cast, personnel_at_most=3)
    membership, own, _ = newcomer(cast, scene)
    is_decided = threading.Event()

    def decide() -> None:
        with transaction.atomic():
            assert own.person in working_for(scene.engagement.evaluator, [own.person])
            is_decided.set()
            time.sleep(0.4)
            order.append("decided")

    def remove() -> None:
        is_decided.wait(20)
        orgs.remove_member(membership, by=CONSOLE, now=NOON)
        order.append("removed")

    told.together(decide, remove)
    return {**told.as_mapping(), "order": order}


def counting(cast: "Cast", rounds: int) -> dict[str, Any]:
    """Let four gateways of two chains spend one budget; count what they were given and what is charged at the end."""
    from tests.apps.scene_engagements import admit, ask, token
    from tests.conftest import NOON

    from watchbell.apps.engagements.models import Call, Grant
    from watchbell.apps.engagements.services import metering
    from watchbell.domain.metering import Admission, Ending, Settlement, Usage
    from watchbell.domain.terms import Limits

    limits = Limits(requests=12 * rounds + 5, tokens=900 * rounds, at_once=5, per_minute=14 * rounds)
    told, scene = Told(), fresh(cast, limits=limits)
    text, running, most_at_once, charged = token(scene), 0, 0, 0

    def spend(number: int) -> None:
        nonlocal running, most_at_once, charged
        dice, waiting = random.Random(number), list[tuple[str, int]]()
        for _ in range(8 * rounds):
            asked = [ask(text, most=Usage(dice.randint(1, 60), dice.randint(0, 60))) for _ in range(dice.randint(1, 3))]
            answers = admit(*asked, chain=f"gateway-{number % 2}")
            with told.lock:
                for one, answer in zip(asked, answers, strict=True):
                    if isinstance(answer, Admission):
                        waiting.append((answer.call, one.most.input_tokens + one.most.output_tokens))
                        running, told.admitted = running + 1, told.admitted + 1
                most_at_once = max(most_at_once, running)
            if waiting and dice.random() < 0.8:
                dice.shuffle(waiting)
                ends = [waiting.pop() for _ in range(dice.randint(1, len(waiting)))]
                used = [dice.choice([None, dice.randint(0, most)]) for _, most in ends]
                with told.lock:
                    running -= len(ends)
                    charged += sum(most if u is None else u for (_, most), u in zip(ends, used, strict=True))
                settlements = [
                    Settlement(
                        call=call,
                        ending=Ending.ANSWERED,
                        status=200,
                        usage=None if u is None else Usage(u, 0),
                        response_digest="",
                        response_bytes=0,
                    )
                    for (call, _), u in zip(ends, used, strict=True)
                ]
                metering.settle(settlements, now=NOON)
                metering.settle(settlements[:1], now=NOON)
        with told.lock:
            charged += sum(most for _, most in waiting)

    told.together(*[partial(spend, number) for number in range(4)])
    grant = Grant.objects.get(engagement=scene.engagement)
    return {
        **told.as_mapping(),
        "charged": charged,
        "tokens": grant.tokens_used,
        "requests": grant.requests_used,
        "most_tokens": grant.tokens,
        "most_requests": grant.requests,
        "per_minute": grant.per_minute,
        "most_at_once": most_at_once,
        "running": Call.objects.filter(engagement=scene.engagement).count(),
    }


if __name__ == "__main__":
    main()
