"""Whatever is handed in, an operator gets an answer or a sentence, never a crash and never a false all-clear."""

from typing import Any

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from tests.edge.scene import Desk, between, bill, osv

from watchbell.domain.matching.evaluate import judge
from watchbell.domain.matching.outcomes import Status
from watchbell.domain.matching.packages import CannotTell, identity_of_purl, package_of_purl
from watchbell.domain.matching.ranges import read_affected
from watchbell.edge.arguments import match_parser
from watchbell.edge.plain_words import of_match

SHARED = settings(suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow], max_examples=60)
GATE = osv("PYSEC-1", "gate", *between("1.0", "2.0"), aliases=["CVE-2026-0001"])

json_values = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-5, 5)
    | st.text(max_size=8)
    | st.sampled_from(["pkg:pypi/gate@1.1", "1.6"]),
    lambda inner: (
        st.lists(inner, max_size=4)
        | st.dictionaries(
            st.sampled_from(
                ["components", "purl", "name", "version", "bom-ref", "metadata", "component", "dependencies"]
            ),
            inner,
            max_size=5,
        )
    ),
    max_leaves=25,
)


@SHARED
@given(content=st.binary(max_size=300), kind=st.sampled_from(["list", "vex", "snapshot"]))
def test_any_bytes_end_with_an_exit_code_that_means_something(desk: Desk, content: bytes, kind: str) -> None:
    if not (desk.folder / "snapshot").exists():
        desk.build(GATE)
    files = {"list": desk.put("good.json", bill("pkg:pypi/gate@2.0")), "snapshot": str(desk.folder / "snapshot")}
    files[kind] = desk.put("any", content)
    vex = ["--vex", files["vex"]] if kind == "vex" else []

    code = desk.run("match", files["list"], "--snapshot", files["snapshot"], *vex)

    assert code in ((0, 1, 2, 4) if kind == "list" else (2,))


@SHARED
@given(parts=json_values)
def test_any_bill_of_materials_is_answered_with_counts_that_add_up(desk: Desk, parts: Any) -> None:
    if not (desk.folder / "snapshot").exists():
        desk.build(GATE)
    document = {"bomFormat": "CycloneDX", "specVersion": "1.6", "components": parts}

    code, _ = desk.match(document)

    assert code in (0, 1, 2, 4)


VERSIONS = ("", "0.9", "1.0", "1.1", "2.0rc1", "2.0", "2.5", "not a version", "4ca94bcd", "1.0.0.RC1", "1.0-1")
bounds = st.tuples(st.sampled_from(("0", "1.0", "2.0rc1", "2.0")), st.sampled_from(("", "1.0", "1.1", "2.0", "what?")))
record = st.tuples(st.lists(bounds, max_size=3), st.lists(st.sampled_from(VERSIONS[1:]), max_size=2))


@settings(parent=SHARED, max_examples=25)
@given(
    held=st.sets(st.sampled_from(VERSIONS), min_size=1, max_size=6),
    said=st.lists(record, min_size=1, max_size=3),
    ecosystem=st.sampled_from([("PyPI", "pypi", "gate"), ("Maven", "maven", "a/gate"), ("npm", "npm", "gate")]),
)
def test_a_match_says_what_the_plain_rule_says_of_each_version(
    desk: Desk, held: set[str], said: list[Any], ecosystem: tuple[str, str, str]
) -> None:
    name = ecosystem[2].replace("/", ":")
    records, expected = [], set()
    for at, (spans, listed) in enumerate(said):
        events = [({"introduced": lo}, *([{"fixed": hi}] if hi else [])) for lo, hi in spans]
        ranges = [{"type": "ECOSYSTEM", "events": list(each)} for each in events]
        package = {"ecosystem": ecosystem[0], "name": name}
        records.append({"id": f"X-{at}", "affected": [{"package": package, "ranges": ranges, "versions": listed}]})
        read = read_affected(ecosystem[0], ranges, listed)
        for version in held if read.intervals or read.named or read.doubts else ():
            outcome = judge(version or None, read, record=f"X-{at}")
            if outcome.status in (Status.AFFECTED, Status.CANNOT_TELL):
                word = "affected" if outcome.status is Status.AFFECTED else "undetermined"
                expected.add((version, f"X-{at}", word))
    desk.build(*records)
    components = [
        {
            "type": "library",
            "bom-ref": str(at),
            "name": "gate",
            "version": version,
            "purl": f"pkg:{'/'.join(ecosystem[1:])}",
        }
        for at, version in enumerate(sorted(held))
    ]

    _, answer = desk.match(bill(components=components))

    found = {(one["component"]["version"], one["vulnerability"]["id"], one["status"]) for one in answer["matches"]}
    assert found == expected


words = st.sampled_from(
    ["a", "A_b", "x.y", "%40scope", "debian", "alpine", "almalinux", "Foo-Bar", "g++", ".x", "..", ""]
)
tails = st.sampled_from(["1.0", "1%3A2.3-1", "1:2", "2%2Bdfsg", "~1", "v1", "%40", "1@2", ""])
asked = st.sampled_from(
    ["distro=debian-12", "distro=alpine-3.18.4", "epoch=1", "upstream=thing%401.1-9", "source=Zed%2B%401", "origin=Foo",
     "type=jar", "distro=", "upstream=%2525", "arch=amd64"]
)  # fmt: skip
kinds = st.sampled_from(
    ["cargo", "composer", "gem", "golang", "maven", "npm", "nuget", "pypi", "deb", "rpm", "apk", "hex"]
)


@settings(max_examples=300)
@given(kind=kinds, path=st.lists(words, min_size=1, max_size=3), version=tails, asks=st.lists(asked, max_size=3))
def test_the_short_way_to_a_package_is_the_long_way(kind: str, path: list[str], version: str, asks: list[str]) -> None:
    purl = f"pkg:{kind}/{'/'.join(path)}@{version}" + ("?" + "&".join(asks) if asks else "")

    slowly = package_of_purl(purl)

    assert identity_of_purl(purl) == (slowly if isinstance(slowly, CannotTell) else (slowly.package, slowly.version))


options = "--snapshot --format --exposed --fail-on --vex --distro --help --snapshot=s --form"
values = "a.json b - -- s json no any debian-12 -1"
typed = st.lists(st.sampled_from(["", *options.split(), *values.split()]), max_size=8)


@settings(max_examples=400)
@given(words=typed)
def test_plain_words_are_understood_as_the_parser_understands_them(words: list[str]) -> None:
    plain = of_match(words)

    assert plain is None or vars(plain) == vars(match_parser().parse_args(words))
