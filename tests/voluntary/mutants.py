"""Twenty-odd products that broke a promise: each a change of the real code for the length of one test."""

from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from django.db import transaction
from django.http import HttpRequest, HttpResponse
from django.urls import clear_url_caches, path

from watchbell.apps.engagements import determinations, queries, services
from watchbell.apps.engagements.models import Engagement, Grant, ModelVersion, UsedWindow
from watchbell.apps.engagements.services import (
    ending,
    log,
    metering,
    opening,
    rounds,
    running,
    standing,
    tokens,
)
from watchbell.apps.engagements.services.standing import NotYet
from watchbell.apps.engagements.words import Material, Outcome
from watchbell.domain.handling import OrganisationKind
from watchbell.domain.identity import new_id
from watchbell.domain.lifecycle.engagement import ENGAGEMENT, EngagementEvent
from watchbell.domain.lifecycle.engagement import Engagement as State
from watchbell.domain.lifecycle.window import Window
from watchbell.voluntary import census
from watchbell.web import urls as pages
from watchbell.web.catalogues import Phrase
from watchbell.web.early_access import urls
from watchbell.web.public import advisories as public_pages

Patch = pytest.MonkeyPatch
Mutant = Callable[[Patch], None]
DAY = timedelta(days=1)


def everywhere(patch: Patch, function: Callable[..., Any], other: Callable[..., Any], *, but: object = None) -> None:
    """Put another function in the place of one of the room's, wherever it was imported by name."""
    for room in (services, ending, log, metering, opening, rounds, running, standing, tokens):
        for name, value in list(vars(room).items()):
            if value is function and room is not but:
                patch.setattr(room, name, other)


# V1: releasing


def the_table_knows_no_release_while_access_runs(patch: Patch) -> None:
    patch.delitem(ENGAGEMENT.transitions, (State.ACTIVE, EngagementEvent.RELEASE))  # type: ignore[arg-type]


def a_release_waits_for_the_determination(patch: Patch) -> None:
    real = services.release

    def release(model: ModelVersion, to: Any, **deed: Any) -> ModelVersion:
        if model.determinations.filter(outcome="", retracted_at=None).exists():
            raise NotYet("Wait for the outcome.")
        return real(model, to, **deed)

    patch.setattr(services, "release", release)


def a_release_waits_for_a_keystore(patch: Patch) -> None:
    real = services.release

    def release(model: ModelVersion, to: Any, *, keys: Any, **deed: Any) -> ModelVersion:
        keys.sign(services.RECEIPTS, b"")
        return real(model, to, keys=keys, **deed)

    patch.setattr(services, "release", release)


# V2: withdrawing


def a_withdrawal_waits_for_the_worker(patch: Patch) -> None:
    def withdraw(engagement: Engagement, *, by: Any, now: Any, keys: Any, rng: Any) -> Engagement:
        standing.require_developer(engagement, by)
        return engagement  # a job will do it

    patch.setattr(services, "withdraw", withdraw)


def a_withdrawal_asks_for_a_reason(patch: Patch) -> None:
    real = services.withdraw

    def withdraw(engagement: Engagement, reason: str = "", **deed: Any) -> Engagement:
        return real(engagement, **deed)

    patch.setattr(services, "withdraw", withdraw)


def a_withdrawal_fails_when_a_key_cannot_be_destroyed(patch: Patch) -> None:
    def destroy(engagement: Engagement, key: Material, *, keys: Any, **deed: Any) -> bool:
        keys.destroy(ending.key_of(engagement, key))
        return real(engagement, key, keys=keys, **deed)

    real = ending.destroy
    patch.setattr(ending, "destroy", destroy)


# V3 and V4: thirty days


def a_call_is_admitted_without_a_look_at_the_clock(patch: Patch) -> None:
    patch.setattr(metering, "window_is_open", lambda engagement, now: engagement.stands.lets_in)


def windows_end_by_the_clocks_round_alone(patch: Patch) -> None:
    everywhere(patch, standing.window_is_open, lambda engagement, now: engagement.stands.lets_in)
    everywhere(patch, ending.end_if_over, lambda engagement, **deed: not engagement.stands.is_open, but=rounds)


def a_running_call_is_not_cut_at_the_end(patch: Patch) -> None:
    patch.setattr(metering, "stopped_among", lambda engagements, **deed: set())


def only_windows_whose_engagement_is_there_count(patch: Patch) -> None:
    def used(model: ModelVersion) -> list[Window]:
        own = model.engagements.values("public_id")
        return [Window(row.starts_at, row.ends_at) for row in UsedWindow.objects.filter(engagement__in=own)]

    patch.setattr(running, "_used", used)


def windows_are_counted_one_by_one(patch: Patch) -> None:
    patch.setattr(running, "_used", lambda model: [])


# V5: keys


def the_access_key_survives_a_withdrawal(patch: Patch) -> None:
    def destroy(engagement: Engagement, key: Material, **deed: Any) -> bool:
        return engagement.stands is State.WITHDRAWN or real(engagement, key, **deed)

    real = ending.destroy
    patch.setattr(ending, "destroy", destroy)


def the_access_key_survives_the_end(patch: Patch) -> None:
    def destroy(engagement: Engagement, key: Material, **deed: Any) -> bool:
        return engagement.stands is State.ENDED or real(engagement, key, **deed)

    real = ending.destroy
    everywhere(patch, real, destroy)


def the_key_is_destroyed_after_the_commit(patch: Patch) -> None:
    real = services.withdraw

    def withdraw(engagement: Engagement, *, keys: Any, **deed: Any) -> Engagement:
        with pytest.MonkeyPatch.context() as inside:
            inside.setattr(ending, "destroy", lambda *_, **__: True)
            ended = real(engagement, keys=keys, **deed)
        for key in Material:
            ending.destroy(ended, key, keys=keys, **{name: deed[name] for name in ("now", "rng")})
        return ended

    patch.setattr(services, "withdraw", withdraw)


def evidence_outlives_its_date(patch: Patch) -> None:
    everywhere(patch, ending.evidence_is_due, lambda engagement, now: False)
    patch.setattr(rounds, "finish_destruction", lambda **deed: 0)


# V6, V7, V8, V12: what others can do


def an_evaluator_who_reads_puts_the_release_off(patch: Patch) -> None:
    real = services.open_terms

    def open_terms(engagement: Engagement, purpose: Any, *, by: Any, now: Any, **deed: Any) -> Any:
        if by.organisation == engagement.evaluator:
            ModelVersion.objects.filter(pk=engagement.model_id).update(partner_release_at=now + 90 * DAY)
        return real(engagement, purpose, by=by, now=now, **deed)

    patch.setattr(services, "open_terms", open_terms)


def naming_a_person_holds_the_developer(patch: Patch) -> None:
    real = services.withdraw

    def withdraw(engagement: Engagement, *, by: Any, now: Any, keys: Any, rng: Any) -> Engagement:
        if engagement.seats.filter(admitted_at=None, ended_at=None).exists():
            raise NotYet("Answer the evaluator first.")
        return real(engagement, by=by, now=now, keys=keys, rng=rng)

    patch.setattr(services, "withdraw", withdraw)


def a_government_evaluator_moves_the_end(patch: Patch) -> None:
    real = services.shorten

    def shorten(engagement: Engagement, ends_at: Any, *, by: Any, **deed: Any) -> Engagement:
        if by.organisation == engagement.evaluator and engagement.stands is State.ACTIVE:
            Engagement.objects.filter(pk=engagement.pk).update(ends_at=ends_at)
            return engagement
        return real(engagement, ends_at, by=by, **deed)

    patch.setattr(services, "shorten", shorten)


def whoever_is_named_is_let_in(patch: Patch) -> None:
    real = services.name_person

    def name_person(engagement: Engagement, person: str, *, now: Any, **deed: Any) -> Any:
        seat = real(engagement, person, now=now, **deed)
        engagement.seats.filter(pk=seat.pk).update(admitted_at=now)
        return seat

    patch.setattr(services, "name_person", name_person)


def windows_renew_by_default(patch: Patch) -> None:
    real = ending.end_if_over

    def end_if_over(engagement: Engagement, *, now: Any, **deed: Any) -> bool:
        if engagement.stands is State.ACTIVE and engagement.ends_at and engagement.ends_at <= now:
            Engagement.objects.filter(pk=engagement.pk).update(ends_at=now + 30 * DAY)
            return False
        return real(engagement, now=now, **deed)

    patch.setattr(rounds, "end_if_over", end_if_over)


def use_keeps_a_window_open(patch: Patch) -> None:
    real = metering.admit

    def admit(asks: Any, *, now: Any, **deed: Any) -> Any:
        answers = real(asks, now=now, **deed)
        Engagement.objects.filter(state=State.ACTIVE).update(ends_at=now + 30 * DAY)
        return answers

    patch.setattr(metering, "admit", admit)


def an_unanswered_offer_stays(patch: Patch) -> None:
    patch.setattr(rounds, "_maybe_over", lambda *_: [])


def there_is_an_address_to_ask_for_access(patch: Patch) -> None:
    def ask(request: HttpRequest) -> HttpResponse:
        return HttpResponse("asked")

    more = [*urls.urlpatterns, path("early-access/request/", ask, name="request_access")]
    [resolver] = [one for one in pages.urlpatterns if getattr(one, "urlconf_name", None) is urls]
    patch.setitem(vars(resolver), "url_patterns", more)
    clear_url_caches()


def an_evaluator_who_reads_begins_another(patch: Patch) -> None:
    real = services.open_terms

    def open_terms(engagement: Engagement, purpose: Any, *, by: Any, now: Any, rng: Any, **deed: Any) -> Any:
        if by.organisation == engagement.evaluator:
            parties = {"developer": engagement.developer, "evaluator": engagement.evaluator}
            begun = Engagement.objects.create(public_id=new_id(rng), model=engagement.model, created_at=now, **parties)
            Grant.objects.create(engagement=begun)
        return real(engagement, purpose, by=by, now=now, rng=rng, **deed)

    patch.setattr(services, "open_terms", open_terms)


# V9, V10, V11, V16: what shows


def a_covered_model_is_not_paused(patch: Patch) -> None:
    real = services.pause

    def pause(engagement: Engagement, *, by: Any, now: Any) -> None:
        if determinations.visible_to(by).filter(outcome=Outcome.COVERED).exists():
            raise NotYet("A covered model stays reachable.")
        real(engagement, by=by, now=now)

    patch.setattr(services, "pause", pause)


def _shows_how_many(state: State) -> Mutant:
    def mutant(patch: Patch) -> None:
        real = public_pages.render

        def render(request: Any, template: str, context: Any = None, **rest: Any) -> HttpResponse:
            answer = real(request, template, context, **rest)
            if Engagement.objects.filter(state=state).exists():
                answer.content += b"<!-- somebody is looked at -->"
            return answer

        patch.setattr(public_pages, "render", render)

    return mutant


the_public_sees_that_access_runs = _shows_how_many(State.ACTIVE)
the_public_sees_that_somebody_declined = _shows_how_many(State.DECLINED)


# V13: words


def _says(file: str, more: str) -> Mutant:
    def mutant(patch: Patch) -> None:
        real = Path.read_text

        def read_text(self: Path, *rest: Any, **options: Any) -> str:
            return real(self, *rest, **options) + (more if str(self).endswith(file) else "")

        patch.setattr(Path, "read_text", read_text)

    return mutant


a_state_of_the_room_is_called_approved = _says("apps/engagements/words.py", '\n\nAPPROVED = "a state"\n')
a_field_of_the_room_is_called_gate_keeper = _says("apps/engagements/models.py", "\n\nclass ReleaseGate:\n    pass\n")
a_page_says_that_a_model_was_certified = _says("early_access/desk.html", "\n<p>{% translate 'Certified' %}</p>\n")


def a_translation_speaks_of_a_licence(patch: Patch) -> None:
    real = census.merged

    def merged(sources: list[Path]) -> list[Phrase]:
        found = real(sources)
        for phrase in found:
            if phrase.msgid == "Agreement on paper":
                phrase.said = {0: "La licencia en papel"}
        return found

    patch.setattr(census, "merged", merged)


# V14, V15: what is seen and logged


def coordinators_see_engagements(patch: Patch) -> None:
    real = queries.visible_to

    def visible_to(viewer: Any, *, now: Any) -> Any:
        everything = Engagement.objects.select_related("model", "grant")
        return everything if viewer.acts_as(OrganisationKind.COORDINATOR) else real(viewer, now=now)

    patch.setattr(queries, "visible_to", visible_to)


def terms_are_opened_without_a_line(patch: Patch) -> None:
    def open_terms(engagement: Engagement, purpose: Any, *, keys: Any, **deed: Any) -> Any:
        return services.offered_terms(engagement, keys=keys)

    patch.setattr(services, "open_terms", open_terms)


def a_token_is_there_before_its_line_is_written(patch: Patch) -> None:
    real = services.mint

    def mint(engagement: Engagement, purpose: Any, *, by: Any, now: Any, **deed: Any) -> Any:
        with pytest.MonkeyPatch.context() as inside:
            inside.setattr(log, "write", lambda *_, **__: None)
            minted = real(engagement, purpose, by=by, now=now, **deed)
        log.write(engagement, [log.touched(by, log.What.TOKEN_MADE)], now=now)
        return minted

    patch.setattr(services, "mint", mint)


def a_call_goes_out_though_its_line_was_not_written(patch: Patch) -> None:
    real = log.write

    def write(engagement: Engagement, touches: Any, **deed: Any) -> Any:
        try:
            with transaction.atomic():
                return real(engagement, touches, **deed)
        except Exception:
            return real(engagement, [], **deed)

    patch.setattr(log, "write", write)


def heads_are_anchored_nowhere(patch: Patch) -> None:
    patch.setattr(log, "anchor", lambda engagement, *, now: 0)
