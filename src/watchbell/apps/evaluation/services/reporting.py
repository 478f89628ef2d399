"""This will issue a report: worked out from the sample table, signed by this node, and with the developer at once.

The evaluator issues it; from that moment both parties read the same bytes, so nobody has results before the developer
(V14). Others read less of it (`domain.evaluation.report`), and only what the developer has consented to.
"""

import hashlib
from collections.abc import Iterator
from datetime import datetime
from typing import TYPE_CHECKING, Any

from django.db import transaction

from watchbell.apps.engagements import services as access
from watchbell.apps.engagements.services.standing import NotYet, held, record, require_evaluator
from watchbell.apps.evaluation import queries
from watchbell.apps.evaluation.models import Incident, Protocol, Report, Run
from watchbell.apps.evaluation.services import fingerprinting, reviewing
from watchbell.apps.evaluation.services.handing_on import read_by, require_party_may_open
from watchbell.apps.evaluation.services.keeping import REPORT_KEY, laid_down, said, signed_bytes
from watchbell.apps.evaluation.services.standing import engagement_of, opened
from watchbell.apps.journal.body import instant
from watchbell.domain import evaluation as rules
from watchbell.domain.canonical import canonical
from watchbell.domain.evaluation import report as forms
from watchbell.domain.evaluation.report import Reader
from watchbell.domain.handling import Actor
from watchbell.domain.identity import Dice, new_id
from watchbell.domain.terms import Kept, Safeguards
from watchbell.outside.keystore import KeyKind, Keystore, attest

if TYPE_CHECKING:
    from watchbell.apps.engagements.models import Engagement

STATEMENT = (
    "Access was voluntary, on the developer's terms. This report measures what one system did under one protocol; it "
    "decides nothing, and says nothing about whether a model may be released."
)


@transaction.atomic
def issue_report(row: Protocol, *, by: Actor, now: datetime, keys: Keystore, rng: Dice) -> Report:
    """Work out, sign and issue a report on everything taken in so far; a later one has the next number.

    Where the latest report says just that already, it is returned and nothing is issued: a request whose answer got
    lost may be made again. Raises NotAllowed for anyone but the evaluator's people, NotYet for a protocol that is not
    locked, KeyMissing once the evidence is gone.
    """
    engagement = engagement_of(row)
    require_evaluator(engagement, by)
    engagement = held(engagement)
    if row.locked_at is None:
        raise NotYet("A report is on a protocol that was locked before the first call.")
    value = opened(row, keys=keys)
    latest = row.reports.order_by("-number").first()
    found = _content(row, value, engagement, by=by, now=now, keys=keys)
    if latest is not None:
        again = canonical(_numbered(found, latest.number, latest.issued_at))
        if again == signed_bytes(latest, keys=keys):
            return latest
    number = latest.number + 1 if latest else 1
    content = canonical(_numbered(found, number, now))
    keys.ensure(REPORT_KEY, KeyKind.SIGNING)
    public_key, signature = attest(keys, REPORT_KEY, content)
    report = Report(
        public_id=new_id(rng),
        protocol=row,
        number=number,
        digest=hashlib.sha256(content).hexdigest(),
        is_kept=Kept.REPORT in row.kept,
        public_key=public_key,
        signature=signature,
        person=by.person or "",
        issued_at=now,
    )
    report.content = laid_down(report, "report", content, now=now, keys=keys)
    report.save(force_insert=True)
    digests = {"report": report.digest}
    record("evaluation.report_issued", engagement, by=by, now=now, digests=digests, report=report.public_id)
    return report


def open_report(
    report: Report, reader: Reader, *, by: Actor, now: datetime, keys: Keystore, rng: Dice
) -> dict[str, Any]:
    """Return a report as this reader may have it, with the developer's comment verbatim; the opening is logged.

    Raises NotAllowed for anyone but the parties' own, IsOver once evidence that is not kept is due, and NotYet for a
    reader the developer has not consented to.
    """
    require_party_may_open(report, by=by, now=now, keys=keys, rng=rng)
    if reader in forms.NEEDS_CONSENT:
        return read_by(report, reader, keys=keys)
    is_own = by.organisation == engagement_of(report.protocol).developer
    return forms.redacted(said(report, keys=keys), Reader.DEVELOPER if is_own else Reader.EVALUATOR)


def _numbered(found: dict[str, Any], number: int, issued_at: datetime) -> dict[str, Any]:
    return {**found, "number": number, "issued_at": instant(issued_at)}


def _content(
    row: Protocol,
    value: rules.Protocol,
    engagement: "Engagement",
    *,
    by: Actor,
    now: datetime,
    keys: Keystore,
) -> dict[str, Any]:
    """Return everything a report says but its number and moment, as JSON values."""
    from watchbell.apps.evaluation.services.analysing import analyse  # needs numpy, and nothing else here does

    terms = access.terms_of(engagement, keys=keys)
    prints = fingerprinting.seen(row, value, keys=keys)
    reviews = reviewing.reviewed(row, value)
    flags = (*_flags(row), *fingerprinting.flags_of(prints), *reviewing.flags_of(reviews))
    found = analyse(
        row, value, unguarded=terms.safeguards is Safeguards.REMOVED, flags=flags, evaluator=engagement.evaluator
    )
    contained = queries.containment_of(row, by, now=now)
    chain = queries.chain_of(row, value.model.alias, by, now=now)
    return {
        "report": forms.FORM,
        "statement": STATEMENT,
        "engagement": engagement.public_id,
        "protocol": {**_version(row), "amends": [_version(one) for one in _before(row)], "plan": value.as_mapping()},
        "measured": {
            "safeguards": terms.safeguards.value,
            "scaffold": value.scaffold.name,
            "models": list(value.models),
        },
        "runs": [_run(one, value) for one in Run.objects.filter(protocol=row).order_by("received_at", "pk")],
        "completeness": [_complete(one, value) for one in queries.table_of(row, value, by, now=now)],
        "profile": found.profile,
        "curves": found.curves,
        "comparisons": found.comparisons,
        "exposure": found.exposure,
        "horizons": found.horizons,
        "validity": {
            "open_flags": list(flags),
            "fingerprints": prints,
            "reviews": reviews,
            "containment": "stated by the evaluator, not verified" if contained else "no statement",
            "not_checked": list(forms.NOT_CHECKED),
        },
        "chain": chain and {"logged": chain.logged, "admitted": chain.admitted, "difference": chain.difference},
        "samples": list(_table(row, value, by, now=now)),
    }


def _flags(row: Protocol) -> Iterator[str]:
    """Return what is open and bears on how far the results are to be believed."""
    for kind in Incident.objects.filter(protocol__line=row.line, settled_at__isnull=True).values_list(
        "kind", flat=True
    ):
        yield f"incident: {kind}"
    for deviation in sorted({one for run in row.runs.all() for one in run.deviations}):
        yield f"deviation: {deviation}"
    if row.after_data:
        yield "amended after data was seen"


def _version(row: Protocol) -> dict[str, Any]:
    return {
        "digest": row.digest,
        "number": row.number,
        "locked_at": instant(row.locked_at) if row.locked_at else None,
        "calls_before": row.calls_before,
        "after_data": row.after_data,
    }


def _before(row: Protocol) -> list[Protocol]:
    return list(Protocol.objects.filter(line=row.line, number__lt=row.number).order_by("number"))


def _run(run: Run, value: rules.Protocol) -> dict[str, Any]:
    return {
        "suite": run.suite,
        "model": value.models[run.arm],
        "budget": run.budget,
        "log": run.log_digest,
        "state": run.state,
        "began_at": instant(run.began_at),
        "ended_at": instant(run.ended_at) if run.ended_at else None,
        "refused": run.refused,
        "deviations": list(run.deviations),
    }


def _complete(one: queries.Row, value: rules.Protocol) -> dict[str, Any]:
    counts = {outcome.value: number for outcome, number in one.whole.counts.items()}
    return {
        "suite": one.suite,
        "model": value.models[one.arm],
        "expected": one.whole.expected,
        "outcomes": counts,
        "absent": one.whole.absent,
        "open": one.whole.is_open,
    }


def _table(row: Protocol, value: rules.Protocol, by: Actor, *, now: datetime) -> Iterator[list[Any]]:
    """Return the sample table: suite, model, budget, item, family, level, epoch, outcome, credit, tokens."""
    columns = ("suite", "arm", "budget", "item", "family", "level", "epoch", "outcome", "credit", "total_tokens")
    for suite, arm, *rest in queries.samples_of(row, by, now=now).values_list(*columns).iterator():
        yield [suite, value.models[arm], *rest]
