"""The one API object: version 1, every error as problem+json, no operation without a declared door."""

from functools import cache
from typing import Any

from django.http import Http404, HttpRequest, HttpResponse
from ninja import NinjaAPI
from ninja.errors import AuthenticationError, HttpError, ValidationError

from watchbell.api import (
    early_access,
    engagement_deeds,
    engagement_use,
    engagements,
    evaluation_results,
    evaluation_told,
    evaluations,
    schemas,
)
from watchbell.api.advisories import router as advisories
from watchbell.api.arrivals import router as arrivals
from watchbell.api.benchmarks import router as benchmarks
from watchbell.api.door import CALLS, Door, Forbidden, TooMany, actor, throttled, too_many
from watchbell.api.early_models import models, partnerships
from watchbell.api.inventory import router as inventory
from watchbell.api.machines import machines, questions
from watchbell.api.submissions import router as submissions
from watchbell.api.vex import router as vex
from watchbell.api.worklist import router as worklist
from watchbell.apps.journal.services import KeyAlreadyUsed
from watchbell.domain.handling import Scope
from watchbell.domain.refusal import Refused
from watchbell.doors import moment, problems
from watchbell.doors.policy import STRONG


class Described(NinjaAPI):
    """The interface whose description says of errors what they are: problem+json, of one shape."""

    def get_openapi_schema(self, *, path_prefix: str | None = None, path_params: dict[str, Any] | None = None) -> Any:
        """Return the description, OpenAPI 3.1; the same object each time, so only for reading."""
        return self._described(self.get_root_path(path_params or {}) if path_prefix is None else path_prefix)

    @cache  # noqa: B019 (there is one interface; to describe it takes half a second of a processor, and anyone may ask)
    def _described(self, prefix: str) -> dict[str, Any]:
        described = super().get_openapi_schema(path_prefix=prefix)
        for operation in (each for methods in described["paths"].values() for each in methods.values()):
            for status, answer in operation["responses"].items():
                if int(status) >= 400:
                    answer["content"] = dict.fromkeys([problems.MEDIA_TYPE], *answer["content"].values())
        return described


api = Described(
    title="Watchbell",
    version="1",
    description="Findings in, advisories and worklists out. Unclassified only; not affiliated with any government."
    f" At most {CALLS.most} requests a minute for each token, and for each address that sends none; then 429.",
    docs_url=None,
    docs_decorator=throttled,
    urls_namespace="api",
)


api.add_router("/advisories", advisories)
api.add_router("/submissions", submissions)
api.add_router("/arrivals", arrivals)
api.add_router("/assets", inventory)
api.add_router("/vex", vex)
api.add_router("/assets", machines)
api.add_router("/questions", questions)
api.add_router("/worklist", worklist)
api.add_router("/models", models)
api.add_router("/partnerships", partnerships)
api.add_router("/benchmarks", benchmarks)
for early in (engagements, engagement_deeds, engagement_use, evaluations, evaluation_told, evaluation_results):
    api.add_router("/engagements", early.router)
for kind in early_access.TOLD:
    api.add_exception_handler(kind, early_access.told)


@api.get("/me", auth=Door(STRONG, Scope.READ), response={200: schemas.Me, **schemas.ERRORS}, operation_id="me")
def me(request: HttpRequest) -> dict[str, Any]:
    """Return who this token speaks for."""
    by = actor(request)
    return {
        "organisation": by.organisation,
        "kinds": sorted(by.organisation_kinds),
        "role": by.role,
        "scopes": sorted(by.scopes),
        "at": moment.now(),
    }


def _reference(request: HttpRequest) -> str:
    return getattr(request, "reference", "")


@api.exception_handler(AuthenticationError)
def _nobody(request: HttpRequest, _error: AuthenticationError) -> HttpResponse:
    answer = problems.problem(
        401, "no-token", "No valid token came with this request.", todo="Send Authorization: Bearer with a live token."
    )
    answer.headers["WWW-Authenticate"] = "Bearer"
    return answer


@api.exception_handler(Forbidden)
def _forbidden(request: HttpRequest, error: Forbidden) -> HttpResponse:
    return problems.problem(403, "not-allowed", "This token may not do that.", expected=f"a token of {error}")


@api.exception_handler(TooMany)
def _too_many(request: HttpRequest, error: TooMany) -> HttpResponse:
    return too_many(error)


@api.exception_handler(Refused)
def _refused(request: HttpRequest, error: Refused) -> HttpResponse:
    status = 413 if error.refusal.code == "too-large" else 400
    return problems.refused(error, status=status, reference=_reference(request))


@api.exception_handler(KeyAlreadyUsed)
def _other_request(request: HttpRequest, error: KeyAlreadyUsed) -> HttpResponse:
    return problems.problem(409, "idempotency-key-reused", str(error), todo="Use a new Idempotency-Key.")


@api.exception_handler(Http404)
def _not_there(request: HttpRequest, _error: Http404) -> HttpResponse:
    return problems.problem(404, "not-found", "There is nothing here that you may see.")


@api.exception_handler(ValidationError)
def _not_as_described(request: HttpRequest, error: ValidationError) -> HttpResponse:
    first = error.errors[0] if error.errors else {}
    place = "/" + "/".join(str(part) for part in first.get("loc", ())[1:])
    return problems.problem(
        422,
        "not-as-described",
        str(first.get("msg", "The request is not as the description says."))[:300],
        place=place,
        todo="Compare with /api/v1/openapi.json.",
        reference=_reference(request),
    )


@api.exception_handler(HttpError)
def _plain(request: HttpRequest, error: HttpError) -> HttpResponse:
    return problems.problem(error.status_code, "bad-request", str(error)[:300], reference=_reference(request))
