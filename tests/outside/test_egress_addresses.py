"""Which addresses a request may lead to, at save and at connect."""

import contextlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from watchbell.outside.egress import EgressDenied, Policy, check_url, is_public, vetted_addresses

OPEN = Policy(allowed_hosts=frozenset({"feeds.example.org", "other.example.org:8443", "http://plain.example.org"}))

INNER = [
    *("127.0.0.1", "127.8.8.8", "0.0.0.0", "10.1.2.3", "172.16.0.1", "172.31.255.255", "192.168.1.1"),
    *("169.254.169.254", "100.64.0.1", "192.0.0.8", "192.0.2.1", "198.18.0.1", "203.0.113.9", "224.0.0.1"),
    *("240.0.0.1", "255.255.255.255", "::", "::1", "fe80::1", "fe80::1%eth0", "fc00::1", "fd12:3456::1", "ff02::1"),
    *("::ffff:127.0.0.1", "::ffff:8.8.8.8", "::127.0.0.1", "64:ff9b::7f00:1", "64:ff9b:1::1", "2002:7f00:1::"),
    *("2001:0:7f00:1::", "2001:db8::1", "2001:20::1", "fec0::1", "3fff::1", "4000::1", "100::1"),
]
WRITTEN_ODDLY = [
    *("2130706433", "0x7f000001", "0x7f.1", "0177.0.0.1", "017700000001", "127.1", "127.0.1", "0", "0x0", "127.0.0.01"),
    *("①②⑦.⓪.⓪.①", "127。0。0。1", "localhost", "LOCALHOST", "localhost.", "127.0.0.1.", "a.localhost", "x.internal"),
    *("printer.local", "[::1]", "[::ffff:127.0.0.1]", "[::ffff:7f00:1]", "[0:0:0:0:0:0:0:1]", "[fe80::1%25eth0]"),
    *("metadata.internal", "%31%32%37.0.0.1", "127.0.0.1%00", "256.1.1.1", "1.2.3.4.5", "[v1.x]", "[]", ""),
]


@pytest.mark.parametrize("address", INNER)
def test_inner_and_special_addresses_are_not_public(address):
    assert not is_public(address)


@pytest.mark.parametrize("address", ["8.8.8.8", "1.1.1.1", "93.184.216.34", "2606:4700::1111", "2a00:1450:4001::1"])
def test_ordinary_addresses_of_the_internet_are_public(address):
    assert is_public(address)


@pytest.mark.parametrize("host", [*(f"[{a}]" if ":" in a else a for a in INNER), *WRITTEN_ODDLY])
def test_every_way_to_write_an_inner_address_is_refused_at_save_even_when_it_was_allowed(host):
    policy = Policy(allowed_hosts=frozenset({host, f"http://{host}", f"https://{host}"}))

    for scheme in ("http", "https"):
        with pytest.raises(EgressDenied):
            check_url(f"{scheme}://{host}/feed", policy)


@pytest.mark.parametrize(
    "url",
    [
        *("http://feeds.example.org/", "https://feeds.example.org:8443/", "https://other.example.org/"),
        *("https://evil.example.org/", "https://feeds.example.org.evil.example/", "https://xfeeds.example.org/"),
        *(
            "https://user@feeds.example.org/",
            "https://feeds.example.org@evil.example/",
            "https://feeds.example.org\\@e.x/",
        ),
        *("ftp://feeds.example.org/", "file:///etc/passwd", "//feeds.example.org/", "gopher://feeds.example.org/"),
        *("https://feeds.example.org/\r\nHost: x", "https://feeds.example.org/\t", " https://feeds.example.org/"),
        *("https://feeds.example.org:0/", "https://feeds.example.org:99999/", "https://feeds.example.org:x/", ""),
        *("https://feeds.example.org/é", "https://feeds.example.org./", "https:///x", "https://feeds..example.org/"),
        "https://feeds.example.org/" + "x" * 3000,
    ],
)
def test_urls_that_were_not_allowed_exactly_so_are_refused(url):
    with pytest.raises(EgressDenied):
        check_url(url, OPEN)


def test_allowed_urls_lead_where_they_say():
    target = check_url("https://Feeds.Example.org/a/b?key=secret#part", OPEN)

    assert (target.scheme, target.host, target.port, target.path) == (
        "https",
        "feeds.example.org",
        443,
        "/a/b?key=secret",
    )
    assert "secret" not in target.place
    assert check_url("https://other.example.org:8443/", OPEN).authority == "other.example.org:8443"
    assert check_url("http://plain.example.org", OPEN).port == 80


@pytest.mark.parametrize("mixed", [["8.8.8.8", "10.0.0.1"], ["127.0.0.1", "8.8.8.8"], ["8.8.8.8", "fe80::1%eth0"]])
def test_one_inner_address_among_public_ones_is_enough_to_refuse(mixed):
    target = check_url("https://feeds.example.org/", OPEN)

    with pytest.raises(EgressDenied):
        vetted_addresses(target, mixed, OPEN)


@pytest.mark.parametrize("written", ["0177.0.0.1", "2130706433", "①②⑦.⓪.⓪.①", "nonsense", ""])
def test_a_resolver_that_answers_nonsense_is_not_believed(written):
    assert not is_public(written)


def test_a_test_policy_reaches_loopback_and_nothing_else_inside():
    policy = Policy(allowed_hosts=frozenset({"http://127.0.0.1:81", "http://10.0.0.1:81"}), allow_loopback=True)

    assert check_url("http://127.0.0.1:81/", policy).port == 81
    for refused in ("http://127.0.0.1:82/", "http://10.0.0.1:81/", "http://127.0.0.2:81/"):
        with pytest.raises(EgressDenied):
            check_url(refused, policy)


@given(st.ip_addresses(v=4))
def test_no_public_ipv4_address_is_one_that_python_calls_inner(address):
    if is_public(str(address)):
        assert address.is_global
        assert not address.is_multicast


@given(st.ip_addresses(v=4), st.sampled_from(["::ffff:", "::", "64:ff9b::"]))
def test_an_ipv4_address_in_ipv6_clothes_is_never_public(address, prefix):
    assert not is_public(f"{prefix}{address}")


@given(st.text(max_size=60))
def test_whatever_is_typed_as_a_url_leads_to_an_allowed_host_or_is_refused(text):
    for url in (text, f"https://{text}", f"https://feeds.example.org{text}"):
        with contextlib.suppress(EgressDenied):
            assert check_url(url, OPEN).host in ("feeds.example.org", "other.example.org", "plain.example.org")


@pytest.mark.parametrize("address", INNER)
def test_a_host_that_was_named_one_by_one_may_lead_to_a_private_network_and_nowhere_stranger(address):
    named = Policy(allowed_hosts=frozenset({"feeds.example.org"}), inner_hosts=frozenset({"sso.example.org"}))
    private = address.startswith(("10.", "127.", "172.", "192.168.", "fd12", "fc00")) or address == "::1"
    target = check_url("https://sso.example.org/", named)
    other = check_url("https://feeds.example.org/", named)

    with contextlib.nullcontext() if private else pytest.raises(EgressDenied):
        assert vetted_addresses(target, [address], named) == (address,)
    with pytest.raises(EgressDenied):
        vetted_addresses(other, [address], named)
