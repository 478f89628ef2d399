"""Which kind of document is this? Asked once at the door, so that people need not say."""

from collections.abc import Callable

from watchbell.formats.fields import Json


def what_is(document: Json) -> str | None:
    """Return the document's kind in one word, or None when nothing tells it; never a guess from one common field."""
    for kind, is_it in _KINDS:
        if is_it(document):
            return kind
    return None


def _category(document: Json) -> str:
    head = document.get("document")
    category = head.get("category") if isinstance(head, dict) and "csaf_version" in head else None
    return category if isinstance(category, str) else ""


def _is_text(document: Json, key: str) -> bool:
    return isinstance(document.get(key), str)


def _has_list(document: Json, key: str) -> bool:
    return isinstance(document.get(key), list)


_KINDS: tuple[tuple[str, Callable[[Json], bool]], ...] = (
    ("vrf", lambda one: _category(one) == "csaf_vulnerability_report"),
    ("vince", lambda one: _is_text(one, "product_name") and "vul_description" in one),
    ("csaf", lambda one: bool(_category(one))),
    ("cyclonedx", lambda one: one.get("bomFormat") == "CycloneDX"),
    ("spdx", lambda one: _is_text(one, "spdxVersion") or "spdx.org/rdf" in str(one.get("@context", ""))),
    ("openvex", lambda one: "openvex.dev" in str(one.get("@context", ""))),
    ("sarif", lambda one: _has_list(one, "runs") and _is_text(one, "version")),
    ("cve", lambda one: one.get("dataType") == "CVE_RECORD" or one.get("data_type") == "CVE"),
    ("stix", lambda one: one.get("type") == "bundle" and str(one.get("id", "")).startswith("bundle--")),
    ("kev", lambda one: _has_list(one, "vulnerabilities") and "catalogVersion" in one),
    (
        "osv",
        lambda one: (
            _is_text(one, "id") and (_has_list(one, "affected") or "schema_version" in one or "withdrawn" in one)
        ),
    ),
    ("finding", lambda one: _is_text(one, "id") and _is_text(one, "title")),
)
