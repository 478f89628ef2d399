"""What does every page know? Who is reading, for whom they act, where they may go."""

from datetime import datetime
from functools import cached_property
from typing import Any

from django.conf import settings
from django.http import HttpRequest
from django.urls import NoReverseMatch, reverse
from django.utils.functional import Promise
from django.utils.translation import get_language, get_language_bidi
from django.utils.translation import gettext_lazy as _

from watchbell.apps.orgs import queries as orgs
from watchbell.domain.handling import ANONYMOUS, Actor, ActorKind, OrganisationKind, Role
from watchbell.doors import moment
from watchbell.doors.policy import STRONG
from watchbell.web.rail import Place, account_of, for_actor

KINDS: dict[OrganisationKind, str | Promise] = {
    OrganisationKind.LAB: _("lab"),
    OrganisationKind.EVALUATOR: _("evaluator"),
    OrganisationKind.COORDINATOR: _("coordinator"),
    OrganisationKind.VENDOR: _("vendor"),
    OrganisationKind.OPERATOR: _("operator"),
}
ROLES: dict[Role, str | Promise] = {
    Role.OWNER: _("Owner"),
    Role.MEMBER: _("Member"),
    Role.READER: _("Reader"),
}


class Page:
    """The frame around every page; each part is worked out only when the template asks for it."""

    def __init__(self, request: HttpRequest) -> None:
        self.request = request
        self.node = settings.SITE_NAME
        self.host = settings.WATCHBELL.host
        self.actor: Actor = getattr(request, "actor", ANONYMOUS)
        self.reference = getattr(request, "reference", "")
        self.now: datetime = getattr(request, "now", None) or moment.now()

    @cached_property
    def is_signed_in(self) -> bool:
        """Return whether a person is signed in."""
        return self.actor.kind is ActorKind.PERSON

    @cached_property
    def person(self) -> str:
        """Return the reader's own name."""
        return str(self.request.user.get_full_name()) if self.is_signed_in else ""  # type: ignore[union-attr]

    @cached_property
    def organisations(self) -> list[Any]:
        """Return the organisations the reader may act for."""
        return list(orgs.organisations_of(self.actor.person)) if self.actor.person else []

    @cached_property
    def organisation(self) -> Any:
        """Return the organisation acted for, or None."""
        return next((one for one in self.organisations if one.public_id == self.actor.organisation), None)

    @cached_property
    def kinds(self) -> str:
        """Return what the organisation acted for does here, in words."""
        return ", ".join(str(KINDS[kind]) for kind in sorted(self.actor.organisation_kinds))

    @cached_property
    def role(self) -> str | Promise:
        """Return the reader's role in the organisation acted for."""
        return ROLES[self.actor.role] if self.actor.role else ""

    @cached_property
    def time_zone(self) -> str:
        """Return the zone in which this page says times: the organisation's, else the person's, else UTC."""
        if self.organisation is not None:
            return str(self.organisation.time_zone)
        return str(getattr(self.request.user, "time_zone", "UTC")) if self.is_signed_in else "UTC"

    @cached_property
    def rail(self) -> list[Place]:
        """Return where the reader may go."""
        return for_actor(self.actor, self.request.path, now=self.now) if self.is_signed_in else []

    @cached_property
    def account(self) -> list[Place]:
        """Return what the reader may manage of their account and organisation."""
        return account_of(self.actor, self.request.path, now=self.now) if self.is_signed_in else []

    @property
    def needs_second_factor(self) -> bool:
        """Return whether this session still lacks its second factor."""
        return self.is_signed_in and not self.actor.strong

    @property
    def language(self) -> str:
        """Return the language this page is written in."""
        return get_language() or settings.LANGUAGE_CODE

    @property
    def direction(self) -> str:
        """Return in which direction that language is written."""
        return "rtl" if get_language_bidi() else "ltr"

    @property
    def languages(self) -> list[tuple[str, str]]:
        """Return the languages to choose from, each by its own name."""
        return list(settings.LANGUAGES)

    @property
    def search(self) -> str:
        """Return where searches go; nothing for those who may not search yet."""
        return reverse("search") if STRONG.admits(self.actor) else ""


def optional_url(name: str) -> str:
    """Return the address of a page that may not be built yet, or nothing."""
    try:
        return reverse(name)
    except NoReverseMatch:
        return ""


def page(request: HttpRequest) -> dict[str, Any]:
    """Return the frame, for the templates."""
    return {"page": Page(request)}
