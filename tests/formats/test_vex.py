"""Whatever stands in a VEX or CSAF document, it is read or refused with its place; nothing else happens."""

from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from watchbell.domain.refusal import Refused
from watchbell.formats import csaf_claims, csaf_reader, csaf_vex, cyclonedx_vex, openvex

NOON = "2026-11-04T12:00:00Z"
WORDS = [
    "A",
    "B",
    "affected",
    "not_affected",
    "exploitable",
    "vers:generic/<2",
    "1.x",
    "pkg:npm/a@1",
    "urn:cdx:1/1#A",
    "",
]


def tree_of(keys: list[str]) -> st.SearchStrategy[Any]:
    return st.recursive(
        st.none() | st.booleans() | st.integers() | st.sampled_from(WORDS),
        lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from(keys), inner, max_size=4),
        max_leaves=20,
    )


def place_of(read: Any, document: dict[str, Any]) -> str:
    try:
        read(document)
    except Refused as refused:
        return refused.refusal.place
    return "/"


STATEMENT = ["vulnerability", "name", "products", "@id", "identifiers", "purl", "hashes", "subcomponents", "status"]


@settings(max_examples=150, deadline=None)
@given(tree_of(STATEMENT))
def test_any_openvex_statements_are_read_or_refused(statements: Any) -> None:
    head = {"@context": openvex.CONTEXT, "@id": "x", "author": "a", "timestamp": NOON, "version": 1}

    assert place_of(openvex.read, {**head, "statements": statements}).startswith("/")


BOM = [
    "vulnerabilities",
    "id",
    "analysis",
    "state",
    "affects",
    "ref",
    "versions",
    "range",
    "status",
    "components",
    "bom-ref",
]


@settings(max_examples=150, deadline=None)
@given(tree_of(BOM), tree_of(BOM), tree_of(BOM))
def test_any_bom_is_read_or_refused(flaws: Any, components: Any, metadata: Any) -> None:
    bom = {"bomFormat": "CycloneDX", "specVersion": "1.6", "vulnerabilities": flaws, "components": components}

    assert place_of(cyclonedx_vex.read, {**bom, "metadata": metadata}).startswith("/")


TREE = ["branches", "category", "name", "product", "product_id", "full_product_names", "relationships", "product_paths"]
REFERENCES = ["product_reference", "relates_to_product_reference", "beginning_product_reference", "subpaths"]
FLAW = ["product_status", "known_affected", "fixed", "flags", "label", "product_ids", "remediations", "scores", "ids"]


def speak(document: dict[str, Any]) -> None:
    found = csaf_reader.read(document)
    csaf_vex.statements(found)
    for flaw in found.flaws:
        csaf_claims.claims(found, flaw)


@settings(max_examples=150, deadline=None)
@given(tree_of([*TREE, *REFERENCES, "full_product_name"]), tree_of(FLAW))
def test_any_product_tree_is_read_or_refused(tree: Any, flaws: Any) -> None:
    tracking = {"id": "x", "initial_release_date": NOON, "current_release_date": NOON}
    head = {"csaf_version": "2.1", "category": "csaf_vex", "publisher": {"name": "p"}, "tracking": tracking}

    assert place_of(speak, {"document": head, "product_tree": tree, "vulnerabilities": flaws}).startswith("/")
