"""What the world has published when the story begins: real identifiers, ranges and dates; the words are ours."""

import json
from collections.abc import Iterator
from datetime import datetime
from typing import Any

Events = list[tuple[str, str | None]]

# record id, CVE, ecosystem, package, [(introduced, fixed)], published, CVSS vector, what it is
ADVISORIES: tuple[tuple[str, str, str, str, Events, str, str, str], ...] = (
    (
        "PYSEC-2023-74",
        "CVE-2023-32681",
        "PyPI",
        "requests",
        [("2.3.0", "2.31.0")],
        "2023-05-26",
        "CVSS:3.1/AV:N/AC:H/PR:N/UI:R/S:C/C:H/I:N/A:N",
        "Proxy credentials are sent to the destination after a redirect",
    ),
    (
        "DEMO-PY-2",
        "CVE-2024-35195",
        "PyPI",
        "requests",
        [("0", "2.32.0")],
        "2024-05-20",
        "CVSS:3.1/AV:L/AC:H/PR:H/UI:R/S:U/C:H/I:H/A:N",
        "A session that once skipped certificate checks keeps skipping them",
    ),
    (
        "PYSEC-2024-47",
        "CVE-2024-27351",
        "PyPI",
        "django",
        [("3.2", "3.2.25"), ("4.2", "4.2.11"), ("5.0", "5.0.3")],
        "2024-03-15",
        "CVSS:3.1/AV:N/AC:H/PR:N/UI:R/S:U/C:N/I:N/A:H",
        "Shortening hostile HTML takes quadratic time",
    ),
    (
        "PYSEC-2021-142",
        "CVE-2020-14343",
        "PyPI",
        "pyyaml",
        [("0", "5.4")],
        "2021-02-09",
        "CVSS:3.1/AV:N/AC:L/PR:N/UI:N/S:U/C:H/I:H/A:H",
        "Loading untrusted YAML can run code",
    ),
    (
        "PYSEC-2023-135",
        "CVE-2023-37920",
        "PyPI",
        "certifi",
        [("2015.4.28", "2023.7.22")],
        "2023-08-03",
        "CVSS:3.1/AV:N/AC:L/PR:N/UI:N/S:U/C:N/I:H/A:N",
        "A distrusted certificate authority is still in the bundle",
    ),
    (
        "PYSEC-2023-192",
        "CVE-2023-43804",
        "PyPI",
        "urllib3",
        [("0", "1.26.17"), ("2.0.0", "2.0.6")],
        "2023-10-04",
        "CVSS:3.1/AV:N/AC:L/PR:L/UI:N/S:U/C:H/I:H/A:N",
        "Cookies are sent on to another host after a redirect",
    ),
    (
        "PYSEC-2023-62",
        "CVE-2023-30861",
        "PyPI",
        "flask",
        [("0", "2.2.5"), ("2.3.0", "2.3.2")],
        "2023-05-02",
        "CVSS:3.1/AV:N/AC:L/PR:N/UI:N/S:U/C:H/I:N/A:N",
        "One visitor's session cookie may be cached for another",
    ),
    (
        "DEMO-PY-8",
        "CVE-2024-34064",
        "PyPI",
        "jinja2",
        [("0", "3.1.4")],
        "2024-05-06",
        "CVSS:3.1/AV:N/AC:L/PR:N/UI:R/S:U/C:L/I:L/A:N",
        "Attribute names from users can inject markup",
    ),
    (
        "GO-2024-2687",
        "CVE-2023-45288",
        "Go",
        "golang.org/x/net",
        [("0", "0.23.0")],
        "2024-04-04",
        "CVSS:3.1/AV:N/AC:L/PR:N/UI:N/S:U/C:N/I:N/A:H",
        "Endless header frames keep an HTTP/2 server busy",
    ),
    (
        "DEMO-GO-2",
        "CVE-2023-44487",
        "Go",
        "golang.org/x/net",
        [("0", "0.17.0")],
        "2023-10-10",
        "CVSS:3.1/AV:N/AC:L/PR:N/UI:N/S:U/C:N/I:N/A:H",
        "Rapidly reset HTTP/2 streams exhaust a server",
    ),
    (
        "GO-2022-1059",
        "CVE-2022-32149",
        "Go",
        "golang.org/x/text",
        [("0", "0.3.8")],
        "2022-10-14",
        "CVSS:3.1/AV:N/AC:L/PR:N/UI:N/S:U/C:N/I:N/A:H",
        "Parsing a crafted language header takes very long",
    ),
    (
        "RUSTSEC-2021-0124",
        "CVE-2021-45710",
        "crates.io",
        "tokio",
        [("0.1.14", "1.8.4"), ("1.9.0", "1.13.1")],
        "2021-11-16",
        "CVSS:3.1/AV:N/AC:H/PR:N/UI:N/S:U/C:H/I:H/A:H",
        "A one-shot channel closed at the wrong moment races",
    ),
    (
        "DEMO-NPM-1",
        "CVE-2021-23337",
        "npm",
        "lodash",
        [("0", "4.17.21")],
        "2021-02-15",
        "CVSS:3.1/AV:N/AC:L/PR:H/UI:N/S:U/C:H/I:H/A:H",
        "Template settings from users can run commands",
    ),
    (
        "DEMO-DEB-1",
        "CVE-2024-6387",
        "Debian:12",
        "openssh",
        [("0", "1:9.2p1-2+deb12u3")],
        "2024-07-01",
        "CVSS:3.1/AV:N/AC:H/PR:N/UI:N/S:U/C:H/I:H/A:H",
        "A signal handler race before sign-in can run code as root",
    ),
    (
        "DEMO-DEB-2",
        "CVE-2023-4863",
        "Debian:12",
        "libwebp",
        [("0", "1.2.4-0.2+deb12u1")],
        "2023-09-12",
        "CVSS:3.1/AV:N/AC:L/PR:N/UI:R/S:U/C:H/I:H/A:H",
        "A crafted picture overflows a buffer",
    ),
)

# CVE, vendor, product, listed on, used by extortionists, what it is
EXPLOITED = (
    ("CVE-2024-21762", "Fortinet", "FortiOS", "2024-02-09", "Known", "Out-of-bounds write in the VPN web service"),
    (
        "CVE-2024-55591",
        "Fortinet",
        "FortiOS and FortiProxy",
        "2025-01-14",
        "Known",
        "Sign-in to administration can be skipped",
    ),
    ("CVE-2023-20198", "Cisco", "IOS XE Web UI", "2023-10-16", "Unknown", "Anyone can create an administrator"),
    (
        "CVE-2024-1709",
        "ConnectWise",
        "ScreenConnect",
        "2024-02-22",
        "Known",
        "The set-up page can be run again by anyone",
    ),
    ("CVE-2025-5777", "Citrix", "NetScaler ADC and Gateway", "2025-07-10", "Known", "Memory leaks session tokens"),
    (
        "CVE-2023-6448",
        "Unitronics",
        "Vision PLC and HMI",
        "2023-12-11",
        "Unknown",
        "Controllers ship with a known password",
    ),
    ("CVE-2023-34362", "Progress", "MOVEit Transfer", "2023-06-02", "Known", "Database commands through the web form"),
    ("CVE-2025-29824", "Microsoft", "Windows", "2025-04-08", "Known", "A local user can become the system"),
    ("CVE-2023-44487", "IETF", "HTTP/2", "2023-10-10", "Unknown", "Rapidly reset HTTP/2 streams exhaust a server"),
    ("CVE-2023-4863", "Google", "Chromium WebP", "2023-09-13", "Unknown", "A crafted picture overflows a buffer"),
)

# CVE, exploitation, automatable, technical impact (CISA's published judgements)
JUDGED = (
    ("CVE-2024-21762", "active", "yes", "total"),
    ("CVE-2023-20198", "active", "yes", "total"),
    ("CVE-2024-1709", "active", "yes", "total"),
    ("CVE-2023-6448", "active", "yes", "total"),
    ("CVE-2023-34362", "active", "yes", "total"),
    ("CVE-2023-44487", "active", "yes", "partial"),
    ("CVE-2023-45288", "none", "yes", "partial"),
    ("CVE-2024-27351", "none", "no", "partial"),
    ("CVE-2024-34064", "none", "no", "partial"),
    ("CVE-2024-35195", "none", "no", "total"),
    ("CVE-2024-6387", "poc", "no", "total"),
)


def osv_lines() -> Iterator[bytes]:
    """Yield one OSV record a line."""
    for record_id, cve, ecosystem, package, spans, published, vector, words in ADVISORIES:
        events: list[dict[str, str]] = []
        for introduced, fixed in spans:
            events.append({"introduced": introduced})
            if fixed:
                events.append({"fixed": fixed})
        record: dict[str, Any] = {
            "schema_version": "1.6.0",
            "id": record_id,
            "published": f"{published}T00:00:00Z",
            "modified": f"{published}T00:00:00Z",
            "aliases": [cve],
            "summary": words,
            "severity": [{"type": "CVSS_V3", "score": vector}],
            "affected": [
                {
                    "package": {"ecosystem": ecosystem, "name": package},
                    "ranges": [{"type": "SEMVER" if ecosystem in ("Go", "npm") else "ECOSYSTEM", "events": events}],
                }
            ],
        }
        yield json.dumps(record).encode()


def kev_catalogue(at: datetime) -> bytes:
    """Return the catalogue of exploited vulnerabilities, in CISA's shape."""
    rows = [
        {
            "cveID": cve,
            "vendorProject": vendor,
            "product": product,
            "vulnerabilityName": f"{vendor} {product}: {words}",
            "dateAdded": listed,
            "shortDescription": f"{words}.",
            "requiredAction": "Update as the vendor says, or stop using the product where no update exists.",
            "dueDate": listed,
            "knownRansomwareCampaignUse": ransom,
            "notes": "",
            "cwes": [],
        }
        for cve, vendor, product, listed, ransom, words in EXPLOITED
    ]
    return json.dumps(
        {
            "title": "Exploited vulnerabilities (demo)",
            "catalogVersion": at.strftime("%Y.%m.%d"),
            "dateReleased": at.strftime("%Y-%m-%dT%H:%M:%S.0000Z"),
            "count": len(rows),
            "vulnerabilities": rows,
        }
    ).encode()


def ssvc_table() -> bytes:
    """Return the judgements in the columns the Vulnrichment reader knows."""
    head = "cve,exploitation,automatable,technical_impact,ssvc_date,cvss,vector,cwe,vendor,product,published"
    rows = [
        f"{cve},{exploitation},{automatable},{impact},2024-10-23,,,,,,"
        for cve, exploitation, automatable, impact in JUDGED
    ]
    return "\n".join([head, *rows, ""]).encode()
