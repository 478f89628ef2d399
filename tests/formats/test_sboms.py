"""Bills of materials: everything readable is read once, what is wrong is said, nothing is fetched."""

import json
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from watchbell.domain.refusal import Refused
from watchbell.formats import cyclonedx, spdx
from watchbell.formats.sbom import Sbom


def bom(*components: object, **more: object) -> Sbom:
    return cyclonedx.read({"bomFormat": "CycloneDX", "specVersion": "1.6", "components": list(components), **more})


def codes(found: Sbom) -> set[str]:
    return {defect.code for defect in found.defects}


def test_one_bad_package_url_never_costs_the_other_components() -> None:
    found = bom(
        {"name": "a", "version": "1", "purl": "not a purl"}, {"name": "b", "version": "1", "purl": "pkg:pypi/b@1"}
    )

    assert [one.purl for one in found.components] == ["", "pkg:pypi/b@1"]
    assert "bad-purl" in codes(found)


def test_a_purl_with_a_hundred_thousand_qualifiers_is_a_defect_and_not_a_wait() -> None:
    purl = "pkg:pypi/a@1?" + "&".join(f"k{index}=v" for index in range(100_000))

    found = bom({"name": "a", "version": "1", "purl": purl})

    assert len(found.components) == 1
    assert "bad-purl" in codes(found)


def test_the_subject_is_not_one_of_its_own_components() -> None:
    subject = {"name": "hospital-portal", "version": "2", "components": [{"name": "inside", "version": "1"}]}

    found = bom({"name": "a", "version": "1"}, metadata={"component": subject})

    assert found.subject is not None
    assert found.subject.name == "hospital-portal"
    assert sorted(one.name for one in found.components) == ["a", "inside"]


def test_dependencies_that_lead_back_to_themselves_end() -> None:
    edges = [{"ref": f"r{index}", "dependsOn": [f"r{(index + 1) % 5000}"]} for index in range(5000)]

    found = bom({"name": "a", "version": "1", "bom-ref": "r0"}, dependencies=edges)

    assert "cyclic-dependencies" in codes(found)


def test_a_component_that_is_listed_twice_is_counted_once_and_two_of_one_ref_both() -> None:
    same = {"bom-ref": "r", "name": "a", "version": "1"}

    found = bom(same, dict(same), {"bom-ref": "r", "name": "b", "version": "1"})

    assert [one.name for one in found.components] == ["a", "b"]
    assert "duplicate-ref" in codes(found)


def test_an_sbom_with_only_file_names_loads_and_says_that_none_can_be_matched() -> None:
    found = bom(*({"name": f"file-{index}.so", "type": "file"} for index in range(3)))

    assert (len(found.components), found.unmatchable) == (3, 3)
    assert "no-version" in codes(found)


@pytest.mark.parametrize("spec", ["1.0", "1.1", "2.0", ""])
def test_a_version_we_do_not_read_is_named_beside_those_we_do(spec: str) -> None:
    with pytest.raises(Refused) as caught:
        cyclonedx.read({"bomFormat": "CycloneDX", "specVersion": spec})

    assert caught.value.refusal.code == "unsupported-version"
    assert "1.2 to 1.7" in caught.value.refusal.expected


XML = """<?xml version="1.0"?>
<bom xmlns="http://cyclonedx.org/schema/bom/{version}" serialNumber="urn:uuid:1" version="1">
 <metadata><component type="application"><name>portal</name></component></metadata>
 <components><component type="library" bom-ref="r1"><name>a</name><version>1</version><purl>pkg:pypi/a@1</purl>
  <hashes><hash alg="SHA-256">AB</hash></hashes>
  <components><component type="library"><name>b</name><version>2</version></component></components>
 </component></components>
 <dependencies><dependency ref="r1"><dependency ref="r1"/></dependency></dependencies>
</bom>"""


def test_xml_and_json_of_one_bom_read_alike() -> None:
    found = cyclonedx.loads(XML.format(version="1.4").encode())

    assert [(one.name, one.version, one.purl) for one in found.components] == [
        ("a", "1", "pkg:pypi/a@1"),
        ("b", "2", ""),
    ]
    assert found.subject is not None
    assert found.components[0].hashes == (("SHA-256", "ab"),)
    assert "cyclic-dependencies" in codes(found)


@pytest.mark.parametrize("spec", cyclonedx.SUPPORTED)
def test_every_version_we_name_is_read_in_both_forms(spec: str) -> None:
    written = bom({"name": "a", "version": "1", "purl": "pkg:pypi/a@1"}, specVersion=spec)
    marked = cyclonedx.loads(XML.format(version=spec).encode("utf-16"))

    assert (written.spec_version, marked.spec_version) == (spec, spec)
    assert written.components[0].purl == marked.components[0].purl


def test_a_link_to_another_bom_is_text_and_is_not_followed() -> None:
    link = "urn:cdx:f08a6ccd-4dce-4759-bd84-c626675d60a7/1#a"

    found = bom(
        {"bom-ref": "r", "name": "a", "version": "1", "externalReferences": [{"type": "bom", "url": link}]},
        dependencies=[{"ref": "r", "dependsOn": [link]}],
    )

    assert (len(found.components), found.defects) == (1, ())


def test_a_hundred_thousand_relationships_cost_nothing_and_bring_nothing() -> None:
    line = "Relationship: SPDXRef-a DEPENDS_ON SPDXRef-a\n"

    found = spdx.loads(f"SPDXVersion: SPDX-2.2\nPackageName: a\nPackageVersion: 1\n{line * 100_000}".encode())

    assert [(one.name, one.version) for one in found.components] == [("a", "1")]


DOCTYPES = {
    "an external entity": '<!DOCTYPE bom [<!ENTITY x SYSTEM "file:///etc/passwd">]>',
    "a parameter entity": '<!DOCTYPE bom [<!ENTITY % x SYSTEM "http://evil.example/x"> %x;]>',
    "an external type": '<!DOCTYPE bom SYSTEM "http://evil.example/x.dtd">',
    "ten laughs": '<!DOCTYPE bom [<!ENTITY a "ha"><!ENTITY b "&a;&a;&a;&a;&a;&a;&a;&a;&a;&a;">]>',
}


@pytest.mark.parametrize("doctype", DOCTYPES.values(), ids=DOCTYPES)
def test_xml_with_a_document_type_is_refused(doctype: str) -> None:
    document = XML.format(version="1.4").replace("?>", f"?>{doctype}", 1)

    with pytest.raises(Refused) as caught:
        cyclonedx.loads(document.encode())

    assert caught.value.refusal.code == "xml-doctype"


def test_xinclude_and_schema_locations_are_only_text() -> None:
    document = XML.format(version="1.4").replace(
        "<dependencies>",
        '<xi:include xmlns:xi="http://www.w3.org/2001/XInclude" href="file:///etc/passwd"/><dependencies>',
    )

    assert len(cyclonedx.loads(document.encode()).components) == 2


@pytest.mark.parametrize(
    ("document", "code"),
    [
        (XML.format(version="1.1"), "unsupported-version"),
        ("<html/>", "unsupported-version"),
        ("<bom", "not-xml"),
        ("<a>" * 1000 + "</a>" * 1000, "unsupported-version"),
        (XML.format(version="1.4").replace("<metadata>", "<a>" * 1000 + "</a>" * 1000 + "<metadata>"), "too-deep"),
    ],
)
def test_other_xml_is_refused_with_a_reason(document: str, code: str) -> None:
    with pytest.raises(Refused) as caught:
        cyclonedx.loads(document.encode())

    assert caught.value.refusal.code == code


ODD = st.recursive(
    st.none() | st.booleans() | st.integers() | st.sampled_from(["a", "1", "pkg:pypi/a@1", "r1"]),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(
            st.sampled_from(
                [
                    "name",
                    "version",
                    "purl",
                    "bom-ref",
                    "components",
                    "hashes",
                    "supplier",
                    "pedigree",
                    "commits",
                    "ref",
                    "dependsOn",
                    "uid",
                ]
            ),
            inner,
            max_size=5,
        )
    ),
    max_leaves=25,
)


@settings(max_examples=150, deadline=None)
@given(ODD, ODD, ODD)
def test_any_shape_below_the_root_is_read_with_defects(components: Any, dependencies: Any, metadata: Any) -> None:
    document = {"bomFormat": "CycloneDX", "specVersion": "1.5", "components": components}

    found = cyclonedx.read({**document, "dependencies": dependencies, "metadata": metadata})

    assert found.unmatchable <= len(found.components)


def test_ten_thousand_siblings_and_deep_nesting_both_end() -> None:
    wide = bom(*({"name": f"c{index}", "version": "1"} for index in range(10_000)))
    deep: dict[str, Any] = {"name": "c", "version": "1"}
    for _ in range(9_999):
        deep = {"name": "c", "version": "1", "components": [deep]}

    found = bom(deep)

    assert len(wide.components) == len(found.components) == 10_000


SPDX_2 = {
    "spdxVersion": "SPDX-2.3",
    "documentNamespace": "https://example.org/1",
    "packages": [
        {
            "SPDXID": "SPDXRef-a",
            "name": "a",
            "versionInfo": "1",
            "downloadLocation": "git+https://example.org/a.git@" + "0" * 40,
            "externalRefs": [
                {"referenceCategory": "PACKAGE-MANAGER", "referenceType": "purl", "referenceLocator": "pkg:pypi/a@1"},
                {
                    "referenceCategory": "SECURITY",
                    "referenceType": "cpe23Type",
                    "referenceLocator": "cpe:2.3:a:x:a:1:*:*:*:*:*:*:*",
                },
            ],
        },
        {"SPDXID": "SPDXRef-b", "name": "b", "versionInfo": "NOASSERTION"},
    ],
}

SPDX_3 = {
    "@context": "https://spdx.org/rdf/3.0.1/spdx-context.jsonld",
    "@graph": [
        {"type": "CreationInfo", "@id": "_:c", "specVersion": "3.0.1"},
        {"type": "SpdxDocument", "spdxId": "https://example.org/doc"},
        {
            "type": "software_Package",
            "spdxId": "https://example.org/a",
            "name": "a",
            "software_packageVersion": "1",
            "software_packageUrl": "pkg:pypi/a@1",
        },
    ],
}


def test_spdx_2_gives_purl_cpe_and_commit_and_takes_noassertion_as_unknown() -> None:
    found = spdx.read(SPDX_2)

    first, second = found.components
    assert (first.purl, first.commit, first.cpe[:11]) == ("pkg:pypi/a@1", "0" * 40, "cpe:2.3:a:x")
    assert second.version == ""


def test_spdx_3_gives_the_same_component() -> None:
    (component,) = spdx.read(SPDX_3).components

    assert (component.name, component.version, component.purl) == ("a", "1", "pkg:pypi/a@1")


def test_what_identifies_a_component_beside_its_package_url_is_read_alike_from_json_and_xml() -> None:
    component = {
        "type": "device", "bom-ref": "gate", "name": "Gate", "version": "1", "manufacturer": {"name": "Acme"},
        "supplier": {"name": "A Shop"}, "swhid": ["swh:1:cnt:aa"], "omniborId": ["gitoid:blob:sha1:bb"],
        "externalReferences": [
            {"type": "bom", "url": "https://acme.example/bom"}, {"type": "other", "url": "urn:acme:gate"},
            {"type": "website", "url": "https://acme.example"},
        ],
        "properties": [
            {"name": "cdx:device:serialNumber", "value": "SN 1"}, {"name": "cdx:device:sku", "value": "shelf 9"},
        ],
    }  # fmt: skip
    bom = {"bomFormat": "CycloneDX", "specVersion": "1.6", "serialNumber": "urn:uuid:AB", "version": 2}
    xml = """<bom xmlns="http://cyclonedx.org/schema/bom/1.6" serialNumber="urn:uuid:AB" version="2"><components>
      <component type="device" bom-ref="gate"><supplier><name>A Shop</name></supplier>
      <manufacturer><name>Acme</name></manufacturer><name>Gate</name><version>1</version>
      <omniborId>gitoid:blob:sha1:bb</omniborId><swhid>swh:1:cnt:aa</swhid>
      <externalReferences><reference type="bom"><url>https://acme.example/bom</url></reference>
      <reference type="other"><url>urn:acme:gate</url></reference>
      <reference type="website"><url>https://acme.example</url></reference></externalReferences>
      <properties><property name="cdx:device:serialNumber">SN 1</property>
      <property name="cdx:device:sku">shelf 9</property></properties></component></components></bom>"""

    of_json = cyclonedx.loads(json.dumps(bom | {"components": [component]}).encode())
    of_xml = cyclonedx.loads(xml.encode())

    (one,) = of_json.components
    assert (one.makers, one.serials, one.sbom_urls) == (("Acme", "A Shop"), ("SN 1",), ("https://acme.example/bom",))
    assert one.uris == ("urn:acme:gate", "swh:1:cnt:aa", "gitoid:blob:sha1:bb")
    assert of_json.uri_of(one) == "urn:cdx:ab/2#gate"
    assert of_xml.components == of_json.components


@pytest.mark.parametrize(
    ("key", "value"),
    [
        ("manufacturer", "Acme"),
        ("properties", {"name": "cdx:device:serialNumber"}),
        ("properties", [1, {"name": []}]),
        ("externalReferences", ["bom"]),
        ("externalReferences", [{"type": ["bom"], "url": 1}]),
        ("swhid", "swh:1"),
        ("omniborId", [{}]),
    ],
)
def test_what_identifies_a_component_in_a_wrong_shape_costs_nothing_else(key: str, value: Any) -> None:
    bom = {"bomFormat": "CycloneDX", "specVersion": "1.6", "components": [{"name": "Gate", "version": "1", key: value}]}

    (one,) = cyclonedx.read(bom).components

    assert (one.name, one.makers, one.serials, one.sbom_urls, one.uris) == ("Gate", (), (), (), ())


def test_spdx_says_who_made_a_package_and_which_uris_are_its_own() -> None:
    references = [
        {"referenceCategory": "OTHER", "referenceType": "acme", "referenceLocator": "urn:acme:gate"},
        {"referenceCategory": "OTHER", "referenceType": "acme", "referenceLocator": "shelf 9"},
        {"referenceCategory": "SECURITY", "referenceType": "advisory", "referenceLocator": "https://acme.example/1"},
    ]
    made = {"originator": "Organization: Acme (psirt@acme.example)", "supplier": "Person: Sam ()"}
    package = SPDX_2["packages"][1] | made | {"externalRefs": references}  # type: ignore[operator,index]
    graph = [
        *SPDX_3["@graph"],
        {"type": "Organization", "spdxId": "urn:acme", "name": "Acme"},
        {"type": "Person", "spdxId": "urn:sam", "name": "Sam"},
    ]
    made_3 = {"originatedBy": ["urn:sam", "urn:acme"], "suppliedBy": "urn:sam"}
    graph[2] = graph[2] | made_3 | {  # type: ignore[operator]
        "externalIdentifier": [{"externalIdentifierType": "other", "identifier": "urn:acme:gate"}]
    }  # fmt: skip

    of_2 = spdx.read(SPDX_2 | {"packages": [package]})
    of_3 = spdx.read(SPDX_3 | {"@graph": graph})

    (two,), (three,) = of_2.components, of_3.components
    assert two.makers == three.makers == ("Acme", "Sam")
    assert (two.uris, of_2.uri_of(two)) == (("urn:acme:gate",), "https://example.org/1#SPDXRef-b")
    assert (three.uris, of_3.uri_of(three)) == (("https://example.org/a", "urn:acme:gate"), "")


@pytest.mark.parametrize(
    "document", [{"spdxVersion": "SPDX-1.2"}, {"@context": "https://spdx.org/rdf/4.0.0/x", "@graph": []}, {}]
)
def test_other_spdx_is_refused_by_version(document: dict[str, Any]) -> None:
    with pytest.raises(Refused) as caught:
        spdx.read(document)

    assert caught.value.refusal.code == "unsupported-version"


def test_a_truncated_document_is_refused_with_its_line() -> None:
    with pytest.raises(Refused) as caught:
        spdx.loads(json.dumps(SPDX_2, indent=1).encode()[:200])

    assert caught.value.refusal.place.startswith("line ")
