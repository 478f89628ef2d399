"""Read the report form of VINCE, as its interface takes it in JSON: the fields of VINCE 3.0.36.

The form has no title, so the first line of the description is one. Answers are "True", "False" or
JSON's own. Who reports, and whether their name may be passed on, stays in `extra` with every other
field we have no place for; nobody is thanked who did not ask to be.
"""

from collections.abc import Iterator
from typing import Any

from watchbell.domain.advisory import Claim, ClaimedEvidence, ClaimedProduct, Credit, Reference, ReferenceKind
from watchbell.domain.refusal import refuse
from watchbell.domain.sentence import Sentence
from watchbell.formats import ai_usage, fields
from watchbell.formats.fields import Json

PINNED = "VINCE 3.0.36"
_OURS = (
    *("product_name", "product_version", "vendor_name", "vul_description", "vul_exploit", "vul_discovery"),
    *("public_references", "exploit_references", "tracking", "ai_usage"),
)
_ANSWERS = (
    *("share_release", "credit_release", "comm_attempt", "multiplevendors", "ics_impact", "ai_ml_system"),
    *("vul_public", "vul_exploited", "vul_disclose", "cisa_please"),
)
_WORDS = {"true": True, "false": False, "yes": True, "no": False, "": None}
LONGEST_TITLE = 200


def read(document: Json) -> Claim:
    """Return what the form claims; raises Refused with a JSON pointer."""
    product, described = fields.required_text(document, "product_name"), fields.text(document, "vul_description")
    answers = {name: answer for name in _ANSWERS if (answer := _answer(document, name)) is not None}
    impact = fields.text(document, "vul_impact")
    title = next((line.strip() for line in described.splitlines() if line.strip()), "") or product
    rest = {name: value for name, value in document.items() if name not in (*_OURS, "vul_impact", *_ANSWERS) and value}
    return Claim(
        submitter_item_id=fields.text(document, "tracking").strip(),
        title=title[:LONGEST_TITLE],
        description="\n\n".join(text for text in (described, impact) if text.strip()),
        products=(
            ClaimedProduct(
                vendor=fields.text(document, "vendor_name").strip(),
                name=product.strip(),
                version=fields.text(document, "product_version").strip(),
            ),
        ),
        evidence=ClaimedEvidence(
            text="\n\n".join(
                text for name in ("vul_exploit", "vul_discovery") if (text := fields.text(document, name).strip())
            )
        ),
        ai_usage=ai_usage.anyhow(document.get("ai_usage")),
        references=tuple(_references(document)),
        credits=tuple(_credits(document, answers)),
        extra={"vince": {**rest, **answers}},
    )


def _answer(document: Json, name: str) -> bool | None:
    found: Any = document.get(name)
    if isinstance(found, bool) or found is None:
        return found
    if isinstance(found, str) and found.strip().casefold() in _WORDS:
        return _WORDS[found.strip().casefold()]
    message = Sentence("{found} is no answer to this question.", found=repr(found)[:40])
    raise refuse("wrong-value", message, place=fields.pointer("", name), expected="True or False")


def _references(document: Json) -> Iterator[Reference]:
    for name, kind in (("public_references", ReferenceKind.WEB), ("exploit_references", ReferenceKind.EVIDENCE)):
        for url in dict.fromkeys(fields.text(document, name).split()):
            yield Reference(url.strip(",;"), kind)


def _credits(document: Json, answers: dict[str, bool]) -> Iterator[Credit]:
    """Yield whoever reports, when they said that they may be named."""
    name = fields.text(document, "contact_name").strip()
    if name and answers.get("credit_release"):
        yield Credit(name, organisation=fields.text(document, "contact_org").strip())
