"""A call goes to the address that was vetted, under the endpoint's own name, and nowhere else (GW-01, GW-02, GW-11)."""

import ssl
import time
from collections.abc import Iterator

import pytest
from tests.gateway.scene import Scene, served
from tests.outside.test_egress_addresses import INNER, WRITTEN_ODDLY
from tests.support.certificates import Authority
from tests.support.model_endpoint import ModelEndpoint

from watchbell.domain.metering import Ending, Usage
from watchbell.outside.egress import EgressDenied
from watchbell.outside.upstream import connecting, endpoint

NAME = "model.example"
ODD = [*(f"[{a}]" if ":" in a else a for a in INNER), *WRITTEN_ODDLY, "user@8.8.8.8", "8.8.8.8@127.0.0.1"]


@pytest.fixture(scope="module")
def authority(tmp_path_factory: pytest.TempPathFactory) -> Authority:
    return Authority(tmp_path_factory.mktemp("authority"))


def called(base_url: str, answers: list[str] | None = None, **more: object) -> tuple[Scene, list[tuple[str, int]]]:
    """Make one call to an endpoint at this address; return what was asked of the resolver."""
    asked: list[tuple[str, int]] = []

    def resolver(host: str, port: int) -> list[str]:
        asked.append((host, port))
        return answers if answers is not None else ["127.0.0.1"]

    with ModelEndpoint() as idle, served(idle, base_url=base_url, resolver=resolver, allow=frozenset()) as scene:
        got = scene.ask()
        assert (got.status, got.error["code"]) == (502, "endpoint-not-allowed")
        settled = scene.settled()
        assert (settled.ending, settled.usage) == (Ending.ENDPOINT_BROKEN, Usage(0, 0))
        assert idle.connections == 0
        return scene, asked


@pytest.mark.parametrize("host", ODD)
def test_gw_01_every_way_to_write_an_inner_address_is_refused_when_it_is_saved(host: str) -> None:
    for url in (f"https://{host}", f"http://{host}", f"https://{host}:8443/base"):
        with pytest.raises(EgressDenied):
            endpoint(url)


@pytest.mark.parametrize("host", ["127.0.0.1", "[::ffff:127.0.0.1]", "2130706433", "localhost.", "169.254.169.254"])
def test_gw_01_an_inner_address_that_got_saved_all_the_same_is_refused_when_it_is_called(host: str) -> None:
    _, asked = called(f"https://{host}")

    assert asked == []


def test_gw_01_plain_http_and_an_inner_name_need_to_be_allowed_on_purpose() -> None:
    with pytest.raises(EgressDenied):
        endpoint("http://model.example")

    target, policy = endpoint("http://lab.inside:8080/base/v1/", allow=frozenset({"http://lab.inside:8080"}))

    assert (target.scheme, target.host, target.port, target.path) == ("http", "lab.inside", 8080, "/base")
    assert policy.allows(target)
    for url in ("http://lab.inside:8081", "https://lab.inside:8080?x=1", "https://lab.inside/#x"):
        with pytest.raises(EgressDenied):
            endpoint(url, allow=frozenset({"http://lab.inside:8080"}))


def test_gw_01_where_clouds_keep_their_credentials_stays_closed_even_when_it_was_allowed() -> None:
    with pytest.raises(EgressDenied):
        endpoint("http://169.254.169.254", allow=frozenset({"http://169.254.169.254"}))


@pytest.mark.parametrize(
    "answers",
    [
        ["127.0.0.1"],
        ["8.8.8.8", "127.0.0.1"],
        ["10.0.0.1", "8.8.8.8"],
        ["169.254.169.254"],
        ["::1"],
        ["fe80::1%1"],
        ["x"],
    ],
)
def test_gw_02_a_name_that_leads_inside_is_never_connected_to(
    answers: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    reached: list[object] = []
    monkeypatch.setattr(connecting, "_reached", lambda *given: reached.append(given))

    _, asked = called(f"https://{NAME}", answers)

    assert asked == [(NAME, 443)]
    assert reached == []


def test_gw_02_a_name_that_changes_its_mind_is_asked_once_for_each_connection(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    reached: list[object] = []

    async def record(target: object, addresses: object, until: float) -> object:
        reached.append(addresses)
        raise connecting.EndpointTrouble(connecting.Cause.UNREACHABLE, "Recorded.", was_sent=False)

    monkeypatch.setattr(connecting, "_reached", record)
    answers = iter([["8.8.8.8"], ["127.0.0.1"], ["8.8.4.4", "8.8.8.8"]])

    with (
        ModelEndpoint() as idle,
        served(idle, base_url=f"https://{NAME}", resolver=lambda host, port: next(answers), allow=frozenset()) as scene,
    ):
        codes = [scene.ask().error["code"] for _ in range(3)]

    assert codes == ["endpoint-unreachable", "endpoint-not-allowed", "endpoint-unreachable"]
    assert reached == [("8.8.8.8",), ("8.8.4.4", "8.8.8.8")]


def test_gw_02_a_name_that_no_one_resolves_holds_up_nobody_else() -> None:
    def resolver(host: str, port: int) -> list[str]:
        if host == "slow.example":
            time.sleep(1.5)
        return ["127.0.0.1"]

    with ModelEndpoint() as one:
        urls = frozenset({"http://slow.example:1", f"http://{NAME}:{one.port}"})
        with served(one, base_url="http://slow.example:1", resolver=resolver, allow=urls) as scene:
            got = scene.ask()
            upstream = scene.grant.upstream
            fields = {name: getattr(upstream, name) for name in ("credential", "scheme", "models")}
            scene.grant.upstream = type(upstream)(base_url=f"http://{NAME}:{one.port}", **fields)

            assert (got.status, got.error["code"]) == (502, "endpoint-unreachable")
            assert got.seconds < 1.2
            assert scene.ask().status == 200


@pytest.fixture
def secured(authority: Authority) -> Iterator[tuple[ModelEndpoint, list[str | None], str]]:
    """An endpoint with a good certificate, the names it was asked under, and its key."""
    shown, names = authority.certificate(NAME), []
    shown.server.sni_callback = lambda _, name, __: names.append(name)
    with ModelEndpoint(tls=shown.server) as one:
        yield one, names, shown.pin


def private(one: ModelEndpoint, authority: Authority, **more: object) -> dict[str, object]:
    url = f"https://{NAME}:{one.port}"
    resolving = {"resolver": lambda host, port: ["127.0.0.1"], "tls": authority.trusting()}
    return {"base_url": url, "allow": frozenset({url}), **resolving, **more}


def test_gw_02_the_vetted_address_is_called_under_the_endpoints_own_name(
    secured: tuple[ModelEndpoint, list[str | None], str], authority: Authority
) -> None:
    one, names, pin = secured
    for pinned in ("", pin, pin.upper(), ":".join(pin[at : at + 2] for at in range(0, 64, 2))):
        with served(one, **private(one, authority, pin=pinned)) as scene:
            assert scene.ask(stream=True).status == 200

    assert set(names) == {NAME}
    assert {received.headers["host"] for received in one.asked} == {f"{NAME}:{one.port}"}


BAD = {
    "expired": ({"host": NAME, "is_expired": True}, "certificate has expired"),
    "another host": ({"host": "other.example"}, "Hostname mismatch"),
    "self-signed": ({"host": NAME, "is_own": True}, "self-signed certificate"),
}


@pytest.mark.parametrize(("told", "why"), BAD.values(), ids=BAD.keys())
def test_gw_11_a_certificate_that_does_not_hold_gets_no_credential(
    authority: Authority, told: dict[str, object], why: str
) -> None:
    shown = authority.certificate(**told)
    with ModelEndpoint(tls=shown.server) as one, served(one, **private(one, authority)) as scene:
        got = scene.ask()

        assert (got.status, got.error["code"]) == (502, "endpoint-tls")
        assert why in got.error["message"]
        assert one.asked == []
        assert scene.settled().usage == Usage(0, 0)


def test_gw_11_a_signature_over_sha_1_is_none(authority: Authority) -> None:
    shown = authority.signed_with_sha_1(NAME)
    if shown is None:
        pytest.skip("openssl is not installed, and nothing else makes such a certificate any more")
    with ModelEndpoint(tls=shown.server) as one, served(one, **private(one, authority)) as scene:
        got = scene.ask()

        assert got.error["code"] == "endpoint-tls"
        assert "too weak" in got.error["message"]
        assert one.asked == []


def test_gw_11_an_old_protocol_is_not_spoken(authority: Authority) -> None:
    shown = authority.certificate(NAME)
    shown.server.minimum_version = ssl.TLSVersion.MINIMUM_SUPPORTED
    with pytest.warns(DeprecationWarning, match="TLSv1_1"):
        shown.server.maximum_version = ssl.TLSVersion.TLSv1_1
    with ModelEndpoint(tls=shown.server) as one, served(one, **private(one, authority)) as scene:
        assert scene.ask().error["code"] == "endpoint-tls"

        assert one.asked == []


def test_gw_11_a_key_that_changed_within_the_window_gets_no_credential(authority: Authority) -> None:
    first, second = authority.certificate(NAME), authority.certificate(NAME)
    with ModelEndpoint(tls=second.server) as one:
        with served(one, **private(one, authority, pin=first.pin)) as scene:
            got = scene.ask()

        assert (got.status, got.error["code"]) == (502, "endpoint-pin")
        assert one.asked == []


def test_gw_11_a_pin_is_not_kept_by_an_endpoint_without_tls() -> None:
    with ModelEndpoint() as one, served(one, pin="0" * 64) as scene:
        assert scene.ask().error["code"] == "endpoint-pin"

        assert one.asked == []


def test_gw_04_a_handshake_that_never_ends_is_cut(authority: Authority) -> None:
    with ModelEndpoint() as one, served(one, **private(one, authority)) as scene:
        got = scene.ask()

        assert (got.status, got.error["code"]) == (502, "endpoint-tls")
        assert "0.5 s" in got.error["message"]
        assert got.seconds < 2
