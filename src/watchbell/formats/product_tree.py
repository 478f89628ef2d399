"""Read CSAF's product tree (2.0 and 2.1): which product does each id stand for, by name, version and purl?"""

from collections.abc import Iterator
from dataclasses import dataclass

from watchbell.formats import fields
from watchbell.formats.fields import Json

VERSION_BRANCHES = ("product_version", "product_version_range")


@dataclass(frozen=True, slots=True, kw_only=True)
class TreeProduct:
    """One product of the tree, with what the branches above it said."""

    product_id: str
    name: str
    place: str
    vendor: str = ""
    product: str = ""
    version: str = ""
    purl: str = ""
    cpe: str = ""


def products(tree: Json, place: str = "/product_tree") -> Iterator[TreeProduct]:
    """Yield every product the tree defines, in its order and without recursion; raises Refused when misshapen."""
    for leaf, where, path in _branches(tree, place):
        yield _product(leaf, where, path)
    for leaf, where in fields.objects(tree, "full_product_names", place):
        yield _product(leaf, where, {})
    listed = (("relationships", "full_product_name"), ("product_paths", "full_product_name"))
    for key, inner in listed:
        for one, where in fields.objects(tree, key, place):
            yield _product(fields.mapping(one, inner, where), fields.pointer(where, inner), {})


def groups(tree: Json, place: str = "/product_tree") -> dict[str, tuple[str, ...]]:
    """Return the product ids of each group id."""
    listed = fields.objects(tree, "product_groups", place)
    return {fields.text(one, "group_id", where): fields.texts(one, "product_ids", where) for one, where in listed}


def _branches(tree: Json, place: str) -> Iterator[tuple[Json, str, dict[str, str]]]:
    waiting: list[tuple[Json, str, dict[str, str]]] = [(tree, place, {})]
    while waiting:
        holder, where, path = waiting.pop()
        leaf = fields.mapping(holder, "product", where)
        if leaf:
            yield leaf, fields.pointer(where, "product"), path
        below = [
            (one, there, {**path, fields.text(one, "category", there): fields.text(one, "name", there)})
            for one, there in fields.objects(holder, "branches", where)
        ]
        waiting.extend(reversed(below))


def _product(leaf: Json, place: str, path: dict[str, str]) -> TreeProduct:
    helper = fields.mapping(leaf, "product_identification_helper", place)
    purls = fields.texts(helper, "purls", place) if "purls" in helper else (fields.text(helper, "purl", place),)
    return TreeProduct(
        product_id=fields.required_text(leaf, "product_id", place),
        name=fields.text(leaf, "name", place),
        place=place,
        vendor=path.get("vendor", ""),
        product=path.get("product_name", ""),
        version=next((path[key] for key in VERSION_BRANCHES if key in path), ""),
        purl=next(iter(purls), ""),
        cpe=fields.text(helper, "cpe", place),
    )
