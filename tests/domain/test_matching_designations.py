"""What a record gives to recognise a product by and what a list says of a thing meet in one spelling, or not at all."""

import pytest

from watchbell.domain.matching.designations import LONGEST, MOST_MARKS, Helper, address_key, helpers_of, marks_of
from watchbell.domain.matching.products import ProductName

DIGEST = "AB" * 32


def helpers(**given: tuple[object, ...]) -> set[tuple[Helper, str]]:
    return set(helpers_of(ProductName(vendor="ACME Corp.", **given)))  # type: ignore[arg-type]


def test_each_helper_of_a_record_is_the_mark_of_the_thing_that_it_means() -> None:
    record = helpers(
        hashes=(("sha256", DIGEST.lower()),),
        serial_numbers=("SN-2200/17",),
        model_numbers=("6GK7 243-1BX",),
        skus=("ACME.0815.X",),
        sbom_urls=("https://Acme.example/sbom/Gate.json",),
        uris=("urn:cdx:411DAFD2-c29f-491a-97d7-e97de5bc2289/1#gate%40x",),
    )

    thing = marks_of(
        makers=("Acme", "A Shop"),
        words=("Gate, 6GK7243-1BX rev A", "acme 0815 x"),
        hashes=(("SHA-256", DIGEST),),
        serials=("sn 2200 17",),
        sbom_urls=("HTTPS://acme.example/sbom/Gate.json",),
        uris=("urn:cdx:411dafd2-c29f-491a-97d7-e97de5bc2289/1#gate@x",),
    )

    assert record <= set(thing)
    assert [kind for kind, _ in thing] == sorted((kind for kind, _ in thing), key=list(Helper).index)


@pytest.mark.parametrize(
    "given",
    [
        {"model_numbers": ("6GK7*",)},
        {"serial_numbers": ("SN2200??",)},
        {"skus": ("12-34",)},
        {"serial_numbers": ("1001",)},
        {"sbom_urls": (" ",)},
    ],
)
def test_a_number_that_stands_for_several_or_says_too_little_recognises_nothing(given: dict[str, tuple[str]]) -> None:
    assert helpers(**given) == set()


def test_a_number_is_nothing_without_its_vendor_and_nobody_elses() -> None:
    number = "6GK7243-1BX"
    record = helpers(model_numbers=(number,), serial_numbers=(number,))

    assert set(helpers_of(ProductName(model_numbers=(number,), serial_numbers=(number,)))) == set()
    assert not record & set(marks_of(makers=("Zed",), words=(number,), serials=(number,)))
    assert not record & set(marks_of(makers=(), words=(number,), serials=(number,)))


@pytest.mark.parametrize(
    ("one", "other", "is_same"),
    [
        ("https://acme.example/a", "HTTPS://ACME.example/a", True),
        ("https://acme.example/a", "https://acme.example/A", False),
        ("https://acme.example/a", "https://acme.example/a/", False),
        ("urn:uuid:ABCD", "URN:UUID:abcd", True),
        ("urn:cdx:AB/1#Ref", "urn:cdx:ab/1#ref", False),
        ("swh:1:cnt:ab", "SWH:1:cnt:ab", True),
        ("https://acme.example/x#SPDXRef-A", "https://acme.example/x#SPDXRef%2DA", True),
    ],
)
def test_addresses_are_the_same_as_written_but_for_scheme_host_and_uuid(one: str, other: str, is_same: bool) -> None:
    assert (address_key(one) == address_key(other)) is is_same


def test_whatever_a_list_holds_a_mark_fits_its_column_and_every_database() -> None:
    long, odd = "https://acme.example/" + "x" * 5000, "https://acme.example/#%00\ud800"

    marks = marks_of(makers=("Acme" * 200,), words=("7" * 400,), uris=(long, odd, *map(str, range(100))))

    assert len(marks) == MOST_MARKS
    assert all(len(value) <= LONGEST and value.isprintable() for _, value in marks)
    assert marks[:2] == tuple((Helper.URI, value) for _, value in helpers_of(ProductName(uris=(long, odd))))
