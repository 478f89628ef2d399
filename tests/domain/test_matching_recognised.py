"""A CPE is read in both spellings and never guessed wider; what recognised something has its place among the others."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from watchbell.domain.matching.cpe import Cpe, read_cpe
from watchbell.domain.matching.recognised import basis_of_package, basis_of_product, surer
from watchbell.domain.matching.tiers import Basis


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("cpe:2.3:a:Acme:Gate:1.2:*:*:*:*:*:*:*", Cpe("a:acme:gate", "1.2")),
        ("cpe:2.3:a:acme:gate:1.2:sp3:*:*:*:*:*:*", Cpe("a:acme:gate", "1.2 sp3")),
        ("cpe:2.3:h:acme:gate\\:two:-:*:*:*:*:*:*:*", Cpe("h:acme:gate:two")),
        ("cpe:2.3:a:acme:c\\+\\+:*", Cpe("a:acme:c++")),
        ("cpe:/o:acme:gate%2b:7", Cpe("o:acme:gate+", "7")),
        (" cpe:/a:acme:gate ", Cpe("a:acme:gate")),
        ("cpe:2.3:a:acme:*:1.2", None),
        ("cpe:2.3:a:*:gate:1.2", None),
        ("cpe:2.3:a:acme:gate*:1.2", None),
        ("cpe:2.3:*:acme:gate:1.2", None),
        ("cpe:/a:acme", None),
        ("cpe:/a:acme:ga%00te", None),
        ("cpe:2.3:a:Foo\\:x:bar\\!:1.0\\+1:p2:*:*:*:*:*:*", Cpe("a:foo:x:bar!", "1.0+1 p2")),
        ("cpe:2.3:\\", None),
        ("pkg:pypi/gate@1.2", None),
        ("", None),
        ("cpe:/a:acme:" + "g" * 1000, None),
    ],
)
def test_a_cpe_names_a_kind_a_vendor_and_a_product_or_nothing(text: str, found: Cpe | None) -> None:
    assert read_cpe(text) == found


@given(st.text(alphabet="cpe:23.a/*-%0z", max_size=40))
def test_no_text_makes_a_cpe_that_leaves_the_product_open(text: str) -> None:
    found = read_cpe(f"cpe:2.3:{text}") or read_cpe(f"cpe:/{text}")

    assert found is None or all(part not in ("", "*", "-") for part in found.key.split(":")[:3])


def test_what_recognised_something_has_its_place() -> None:
    package = basis_of_package("PyPI", is_vendors=False)
    release = basis_of_package("Debian:12", is_vendors=False)
    helper = basis_of_package("PyPI", is_vendors=True)
    branches, picked = basis_of_product(is_vendors=True), basis_of_product(is_vendors=False)

    order = [package, release, helper, branches, picked, Basis.CPE]

    assert [surer(one) for one in order] == sorted(surer(one) for one in set(order))
    assert [one.is_candidate for one in order] == [False] * 5 + [True]
