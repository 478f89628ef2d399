"""One request over the wire, against servers that behave badly."""

import datetime
import gzip
import io
import ssl
import time
from datetime import UTC

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID
from tests.outside.stub_server import StubServer, drip

from watchbell.outside.egress import Bounds, EgressDenied, EgressFailed, Policy, Request, fetch, retry_after_seconds

QUICK = Bounds(
    connect_seconds=0.5, first_byte_seconds=0.4, total_seconds=0.8, body_bytes=200_000, inflated_bytes=1_000_000
)
OK = b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n{}"
NOON = datetime.datetime(2026, 11, 4, 12, 0, tzinfo=UTC)


def ask(server, *, bounds=QUICK, **kwargs):
    policy = Policy(allowed_hosts=frozenset({f"http://{server.host}"}), allow_loopback=True)
    return fetch(Request(url=f"http://{server.host}/feed?key=SECRET", **kwargs), policy, bounds=bounds)


def failure_of(*pieces, **kwargs):
    with StubServer(pieces) as server, pytest.raises(EgressFailed) as caught:
        ask(server, **kwargs)
    assert "SECRET" not in str(caught.value)
    return caught.value.refusal.code


def test_an_ordinary_answer_comes_back_whole():
    answer = b'HTTP/1.1 200 OK\r\nETag: "v1"\r\nContent-Type: application/json\r\nContent-Length: 2\r\n\r\n{}'
    with StubServer([answer]) as server:
        response = ask(server, headers={"Authorization": "Bearer TOKEN"})

    response.require_data()
    assert (response.status, response.body, response.size, response.etag) == (200, b"{}", 2, '"v1"')
    request = server.requests[0].decode()
    assert request.startswith(f"GET /feed?key=SECRET HTTP/1.1\r\nHost: {server.host}\r\n")
    assert "Connection: close" in request
    assert "Bearer TOKEN" in request


def test_credentials_do_not_show_when_a_request_is_printed():
    request = Request(
        url="https://feeds.example.org/", headers={"Authorization": "TOKEN"}, body=b"TOKEN", method="POST"
    )

    assert "TOKEN" not in repr(request)


def test_a_body_can_be_sent_and_an_answer_written_to_a_file():
    with StubServer([OK]) as server:
        policy = Policy(allowed_hosts=frozenset({f"http://{server.host}"}), allow_loopback=True)
        file = io.BytesIO()
        response = fetch(Request(url=f"http://{server.host}/", method="POST", body=b"[1]"), policy, into=file)

    assert (file.getvalue(), response.body, response.size) == (b"{}", b"", 2)
    assert b"Content-Length: 3\r\n" in server.requests[0]
    assert server.requests[0].endswith(b"\r\n\r\n[1]")


def test_what_we_hold_already_is_asked_for_on_condition():
    with StubServer([b"HTTP/1.1 304 Not Modified\r\nContent-Encoding: gzip\r\nContent-Length: 99\r\n\r\n"]) as server:
        response = ask(server, etag='"v1"', last_modified="Wed, 04 Nov 2026 12:00:00 GMT")

    response.require_data()
    assert response.is_unchanged
    assert b'If-None-Match: "v1"\r\nIf-Modified-Since: Wed' in server.requests[0]


@pytest.mark.parametrize(
    "pieces",
    [
        [b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3;x=y\r\nabc\r\n", b"4\r\ndefg\r\n0\r\nT: x\r\n\r\n"],
        [b"HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 200 OK\r\nContent-Length: 7\r\n\r\nabc", 0.05, b"defg"],
        [b"HTTP/1.1 200 OK\r\n\r\nabcdefg"],
        [b"HTTP/1.0 200\r\n\r\nabcdefg"],
        [b"HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\n\r\n" + gzip.compress(b"abcdefg", mtime=0)],
    ],
    ids=["chunked", "interim answer", "until close", "old server", "gzip"],
)
def test_every_honest_framing_is_understood(pieces):
    with StubServer(pieces) as server:
        assert ask(server).body == b"abcdefg"


@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
@pytest.mark.parametrize("where", ["http://169.254.169.254/", "file:///etc/passwd", "https://other.example.org/"])
def test_redirects_are_reported_and_not_followed(status, where):
    answer = f"HTTP/1.1 {status} Go\r\nLocation: {where}\r\nContent-Length: 0\r\n\r\n".encode()
    with StubServer([answer]) as server:
        response = ask(server, headers={"Authorization": "Bearer TOKEN"})

        with pytest.raises(EgressFailed, match="redirects are not followed"):
            response.require_data()

    assert server.connections == 1


@pytest.mark.parametrize(
    "answer",
    [
        b"HTTP/1.1 200 OK\r\nContent-Type: text/html; charset=utf-8\r\nContent-Length: 2\r\n\r\nhi",
        b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: 15\r\n\r\n<!DOCTYPE html>",
        b"HTTP/1.1 503 Busy\r\nContent-Type: text/html\r\nContent-Length: 0\r\n\r\n",
    ],
)
def test_an_error_page_is_not_taken_for_data(answer):
    with StubServer([answer]) as server, pytest.raises(EgressFailed, match="endpoint returned HTML"):
        ask(server).require_data()


@pytest.mark.parametrize(
    "pieces",
    [
        [2.0],
        [b"HTTP/1.1 200 OK\r\n", 2.0],
        [b"HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\n", 2.0],
        list(drip(3)),
        [piece for byte in b"HTTP/1.1 200 OK\r\nX-Slow: " + b"x" * 100 for piece in (bytes([byte]), 0.03)],
    ],
    ids=["silent", "hangs in the head", "hangs in the body", "drips chunks", "drips the head"],
)
def test_a_server_that_takes_its_time_is_cut_off(pieces):
    began = time.monotonic()

    assert failure_of(*pieces) == "egress-timeout"
    assert time.monotonic() - began < 1.5


def test_a_body_beyond_the_cap_is_cut_off_in_every_framing():
    long = b"x" * 300_000
    assert failure_of(b"HTTP/1.1 200 OK\r\nContent-Length: 300000\r\n\r\n", long) == "egress-too-large"
    assert failure_of(b"HTTP/1.1 200 OK\r\n\r\n", long) == "egress-too-large"
    chunk = b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n493e0\r\n"
    assert failure_of(chunk, long) == "egress-too-large"


def test_a_body_that_inflates_beyond_the_cap_is_cut_off():
    bomb = gzip.compress(bytes(20_000_000), mtime=0)

    assert failure_of(b"HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\n\r\n", bomb) == "egress-inflates-too-large"
    assert failure_of(b"HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\n\r\n", bomb[:50]) == "egress-truncated"
    assert failure_of(b"HTTP/1.1 200 OK\r\nContent-Encoding: gzip, gzip\r\n\r\n", bomb) == "egress-coding"
    assert failure_of(b"HTTP/1.1 200 OK\r\nContent-Encoding: br\r\n\r\n", bomb) == "egress-coding"


def test_heads_without_end_are_cut_off():
    assert failure_of(b"HTTP/1.1 200 OK\r\n", b"X-A: b\r\n" * 200) == "egress-too-large"
    assert failure_of(b"HTTP/1.1 200 OK\r\nX-A: ", b"x" * 100_000) == "egress-too-large"
    assert failure_of(b"HTTP/1.1 100 Continue\r\n\r\n" * 50, OK) == "egress-framing"


@pytest.mark.parametrize(
    "answer",
    [
        b"HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\n{}",
        b"HTTP/1.1 200 OK\r\nContent-Length: 1\r\n\r\n{}",
        b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\nContent-Length: 2\r\n\r\n{}",
        b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\nContent-Length: 3\r\n\r\n{}",
        b"HTTP/1.1 200 OK\r\nContent-Length: 2, 2\r\n\r\n{}",
        b"HTTP/1.1 200 OK\r\nContent-Length: -2\r\n\r\n{}",
        b"HTTP/1.1 200 OK\r\nContent-Length: +2\r\n\r\n{}",
        b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\nTransfer-Encoding: chunked\r\n\r\n2\r\n{}\r\n0\r\n\r\n",
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: gzip, chunked\r\n\r\n0\r\n\r\n",
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\n{}",
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\n{}}\r\n0\r\n\r\n",
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\n{}\r\n0\r\n\r\n",
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n-2\r\n{}\r\n0\r\n\r\n",
        b"HTTP/1.1 200 OK\nContent-Length: 2\n\n{}",
        b"HTTP/1.1 200 OK\r\nContent-Length: 2\n\r\n{}",
        b"HTTP/1.1 200 OK\r\nX: a\rb\r\nContent-Length: 2\r\n\r\n{}",
        b"HTTP/1.1 200 OK\r\nX: a\x00b\r\nContent-Length: 2\r\n\r\n{}",
        b"HTTP/1.1 200 OK\r\nX : a\r\nContent-Length: 2\r\n\r\n{}",
        b"HTTP/1.1 200 OK\r\nX: a\r\n b\r\nContent-Length: 2\r\n\r\n{}",
        b"HTTP/1.1 2000 OK\r\n\r\n",
        b"SSH-2.0-OpenSSH_9.2\r\n",
        b"HTTP/2 200\r\n\r\n",
        b"HTTP/1.1 200 OK\r\nContent-Le",
        b"",
    ],
)
def test_answers_that_can_be_read_in_two_ways_are_errors(answer):
    assert failure_of(answer) in ("egress-framing", "egress-lost")


def test_header_values_cannot_smuggle_lines_or_override_ours():
    for headers in (
        {"X-A": "b\r\nHost: evil"},
        {"X\nA": "b"},
        {"Host": "evil"},
        {"Content-Length": "5"},
        {"X": "a\0b"},
    ):
        with pytest.raises(EgressDenied):
            Request(url="https://feeds.example.org/", headers=headers)


def test_a_name_is_resolved_once_and_the_connection_goes_to_that_address_under_that_name():
    asked = []

    def rebinding(host, port):
        asked.append(host)
        return ["127.0.0.1"] if len(asked) == 1 else ["10.0.0.1"]

    with StubServer([OK]) as server:
        name = f"feeds.example.org:{server.port}"
        policy = Policy(allowed_hosts=frozenset({f"http://{name}"}), allow_loopback=True)
        fetch(Request(url=f"http://{name}/"), policy, resolver=rebinding)

    assert asked == ["feeds.example.org"]
    assert f"Host: {name}\r\n".encode() in server.requests[0]


def test_a_public_name_that_leads_inside_is_not_connected_to():
    with StubServer([OK]) as server:
        name = f"feeds.example.org:{server.port}"
        policy = Policy(allowed_hosts=frozenset({f"http://{name}"}))

        for answers in (["127.0.0.1"], ["8.8.8.8", "127.0.0.1"], ["::ffff:127.0.0.1"], ["169.254.169.254"]):
            with pytest.raises(EgressDenied):
                fetch(Request(url=f"http://{name}/"), policy, resolver=lambda *_, found=answers: found)

    assert server.connections == 0


def test_a_resolver_that_hangs_or_fails_is_not_waited_for():
    policy = Policy(allowed_hosts=frozenset({"feeds.example.org"}))

    def fails(*_):
        raise OSError

    def hangs(*_):
        time.sleep(1)
        return ["8.8.8.8"]

    for resolver in (fails, hangs):
        with pytest.raises(EgressFailed, match="could not be resolved"):
            fetch(Request(url="https://feeds.example.org/"), policy, bounds=QUICK, resolver=resolver)


def test_a_closed_port_is_said_to_be_closed():
    with StubServer([]) as server:
        port = server.port
    policy = Policy(allowed_hosts=frozenset({f"http://127.0.0.1:{port}"}), allow_loopback=True)

    with pytest.raises(EgressFailed, match="no connection"):
        fetch(Request(url=f"http://127.0.0.1:{port}/"), policy)


@pytest.fixture(scope="module")
def certificate(tmp_path_factory):
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "feeds.example.org")])
    built = x509.CertificateBuilder(name, name, key.public_key(), x509.random_serial_number())
    built = built.not_valid_before(NOON - datetime.timedelta(days=3650)).not_valid_after(
        NOON + datetime.timedelta(days=3650)
    )
    built = built.add_extension(x509.SubjectAlternativeName([x509.DNSName("feeds.example.org")]), critical=False)
    pem = tmp_path_factory.mktemp("tls") / "server.pem"
    private = key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    pem.write_bytes(private + built.sign(key, hashes.SHA256()).public_bytes(serialization.Encoding.PEM))
    return pem


def ask_over_tls(server, host="feeds.example.org", *, trust=None):
    name = f"{host}:{server.port}"
    policy = Policy(allowed_hosts=frozenset({name}), allow_loopback=True)
    tls = ssl.create_default_context(cafile=trust) if trust else None
    request = Request(url=f"https://{name}/")
    return fetch(request, policy, bounds=QUICK, resolver=lambda *_: ["127.0.0.1"], tls=tls)


def test_tls_asks_for_the_hosts_name_and_checks_its_certificate(certificate):
    names = []
    serving = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    serving.load_cert_chain(certificate)
    serving.sni_callback = lambda _socket, name, _context: names.append(name)

    with StubServer([OK], tls=serving) as server:
        assert ask_over_tls(server, trust=certificate).body == b"{}"
        with pytest.raises(EgressFailed, match="no encrypted connection"):
            ask_over_tls(server, host="other.example.org", trust=certificate)
        with pytest.raises(EgressFailed, match="no encrypted connection"):
            ask_over_tls(server)

    assert names[0] == "feeds.example.org"


def test_a_server_that_hangs_in_the_tls_handshake_is_cut_off():
    with StubServer([2.0]) as server, pytest.raises(EgressFailed, match="no encrypted connection"):
        ask_over_tls(server)


@pytest.mark.parametrize(
    ("value", "seconds"),
    [
        ("120", 120),
        ("1000000000", 3600),
        ("99999999999999999999", 3600),
        ("-5", 0),
        ("Wed, 04 Nov 2026 12:01:00 GMT", 60),
        ("Wed, 04 Nov 2020 12:01:00 GMT", 0),
        ("Wed, 04 Nov 2099 12:01:00 GMT", 3600),
        ("soon", None),
        ("", None),
        ("Wed, 04 Nov 2026 99:99:99 GMT", None),
    ],
)
def test_retry_after_is_believed_within_bounds(value, seconds):
    assert retry_after_seconds(value, now=NOON) == seconds
