"""Read CSAF's product tree (2.0 and 2.1): which product does each id stand for, by name, version and every helper?"""

from collections.abc import Iterator
from dataclasses import dataclass

from watchbell.domain.matching.products import hash_pair
from watchbell.domain.refusal import refuse
from watchbell.domain.sentence import Sentence
from watchbell.formats import fields
from watchbell.formats.fields import Json

VERSION_BRANCHES = ("product_version", "product_version_range")
_ADDED = ("service_pack", "patch_level")
_CIRCUMSTANCES = ("architecture", "platform", "language", "host_name", "legacy", "specification")


@dataclass(frozen=True, slots=True, kw_only=True)
class TreeProduct:
    """One product of the tree, with what the branches above it said.

    `version` is one version, or a range when `is_range`; `circumstances` are words of
    branches that narrow the product down without being part of its name.
    """

    product_id: str
    name: str
    place: str
    vendor: str = ""
    product: str = ""
    version: str = ""
    is_range: bool = False
    circumstances: tuple[str, ...] = ()
    purl: str = ""
    cpe: str = ""
    purls: tuple[str, ...] = ()
    hashes: tuple[tuple[str, str], ...] = ()
    model_numbers: tuple[str, ...] = ()
    serial_numbers: tuple[str, ...] = ()
    skus: tuple[str, ...] = ()
    sbom_urls: tuple[str, ...] = ()
    uris: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Combination:
    """A product made of others: `base` is a component of, or installed on or with, each of `others` (category, id)."""

    product_id: str
    base: str
    others: tuple[tuple[str, str], ...]
    place: str


def products(tree: Json, place: str = "/product_tree") -> Iterator[TreeProduct]:
    """Yield every product the tree defines, in its order and without recursion; raises Refused when misshapen."""
    for leaf, where, path in _branches(tree, place):
        yield _product(leaf, where, path)
    for leaf, where in fields.objects(tree, "full_product_names", place):
        yield _product(leaf, where, {})
    for key in ("relationships", "product_paths"):
        for one, where in fields.objects(tree, key, place):
            inner = fields.pointer(where, "full_product_name")
            yield _product(fields.mapping(one, "full_product_name", where), inner, {})


def combinations(tree: Json, place: str = "/product_tree") -> Iterator[Combination]:
    """Yield what the tree combines: `relationships` of CSAF 2.0, `product_paths` of 2.1."""
    for one, where in fields.objects(tree, "relationships", place):
        other = fields.required_text(one, "relates_to_product_reference", where)
        yield Combination(
            product_id=_named(one, where),
            base=fields.required_text(one, "product_reference", where),
            others=((fields.text(one, "category", where), other),),
            place=where,
        )
    for one, where in fields.objects(tree, "product_paths", place):
        steps = fields.objects(one, "subpaths", where)
        yield Combination(
            product_id=_named(one, where),
            base=fields.required_text(one, "beginning_product_reference", where),
            others=tuple(
                (fields.text(step, "category", at), fields.required_text(step, "next_product_reference", at))
                for step, at in steps
            ),
            place=where,
        )


@dataclass(frozen=True, slots=True)
class Parts:
    """The leaves an id comes down to: what it is about, and what that is part of or installed on."""

    base: TreeProduct
    within: tuple[TreeProduct, ...] = ()


def resolved(tree: Json, place: str = "/product_tree") -> dict[str, Parts]:
    """Return the leaves behind every product id. Raises Refused for an undefined id (6.1.1) or a circle (6.1.3)."""
    leaves = {one.product_id: one for one in products(tree, place)}
    combined = {one.product_id: one for one in combinations(tree, place)}
    _refuse_circles(leaves, combined)
    return {name: _parts(name, leaves, combined) for name in leaves}


def groups(tree: Json, place: str = "/product_tree") -> dict[str, tuple[str, ...]]:
    """Return the product ids of each group id."""
    listed = fields.objects(tree, "product_groups", place)
    return {fields.text(one, "group_id", where): fields.texts(one, "product_ids", where) for one, where in listed}


def undefined(product_id: str, place: str) -> Exception:
    """Return the refusal for an id that the product tree does not define."""
    message = Sentence("The product id {id} is not defined in the product tree (test 6.1.1).", id=repr(product_id[:60]))
    return refuse("csaf-6.1.1", message, place=place, todo="Define it in /product_tree")


def _refuse_circles(leaves: dict[str, TreeProduct], combined: dict[str, Combination]) -> None:
    """Raise Refused for an id that is not there or leads back to itself; each id is walked once, without recursion."""
    done: set[str] = set()
    for start in combined:
        trail, path = [(start, iter(_references(combined[start])))], {start}
        while trail and start not in done:
            name, following = trail[-1]
            one = next(following, None)
            if one is None:
                trail.pop()
                path.discard(name)
                done.add(name)
            elif one in path:
                message = Sentence("The product id {id} is defined by itself (test 6.1.3).", id=repr(one[:60]))
                place, todo = combined[name].place, "Take it out of its own definition"
                raise refuse("csaf-6.1.3", message, place=place, todo=todo)
            elif one not in leaves:
                raise undefined(one, combined[name].place)
            elif one in combined and one not in done:
                trail.append((one, iter(_references(combined[one]))))
                path.add(one)


def _references(one: Combination) -> tuple[str, ...]:
    return one.base, *(other for _, other in one.others)


def _parts(name: str, leaves: dict[str, TreeProduct], combined: dict[str, Combination]) -> Parts:
    """Return what an id comes down to, following the base of each combination and collecting the others."""
    others: list[str] = []
    while name in combined:
        others += [other for _, other in combined[name].others]
        name = combined[name].base
    return Parts(leaves[name], tuple(leaves[_base(one, combined)] for one in dict.fromkeys(others)))


def _base(name: str, combined: dict[str, Combination]) -> str:
    """Return the leaf an id begins with; what it is combined with in turn is not followed."""
    while name in combined:
        name = combined[name].base
    return name


def _named(one: Json, place: str) -> str:
    inner = fields.mapping(one, "full_product_name", place)
    return fields.required_text(inner, "product_id", fields.pointer(place, "full_product_name"))


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
    helper, at = fields.mapping(leaf, "product_identification_helper", place), f"{place}/product_identification_helper"
    purls = fields.texts(helper, "purls", at) if "purls" in helper else (fields.text(helper, "purl", at),)
    branch = next((key for key in VERSION_BRANCHES if key in path), "")
    added = [path[key] for key in _ADDED if path.get(key)]
    return TreeProduct(
        product_id=fields.required_text(leaf, "product_id", place),
        name=fields.text(leaf, "name", place),
        place=place,
        vendor=path.get("vendor", ""),
        product=path.get("product_name", "") or path.get("product_family", ""),
        version=" ".join([path[branch], *added]) if branch else "",
        is_range=branch == "product_version_range",
        circumstances=tuple(path[key] for key in _CIRCUMSTANCES if path.get(key)),
        purl=next(iter(purls), ""),
        cpe=fields.text(helper, "cpe", at),
        purls=tuple(one for one in purls if one),
        hashes=tuple(_hashes(helper, at)),
        model_numbers=fields.texts(helper, "model_numbers", at),
        serial_numbers=fields.texts(helper, "serial_numbers", at),
        skus=fields.texts(helper, "skus", at),
        sbom_urls=fields.texts(helper, "sbom_urls", at),
        uris=tuple(
            uri
            for one, where in fields.objects(helper, "x_generic_uris", at)
            if (uri := fields.text(one, "uri", where).strip())
        ),
    )


def _hashes(helper: Json, place: str) -> Iterator[tuple[str, str]]:
    for file, where in fields.objects(helper, "hashes", place):
        for one, at in fields.objects(file, "file_hashes", where):
            yield hash_pair(fields.required_text(one, "algorithm", at), fields.required_text(one, "value", at))
