"""What the seven operators run: parts lists, products picked by name, and what the internet can reach."""

import json
from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True)
class Machine:
    """One asset: its parts by purl, the products picked for it, and whether the internet reaches it."""

    name: str
    exposed: str
    parts: tuple[str, ...] = ()
    products: tuple[tuple[str, str, str], ...] = field(default=())


LIBRARIES = (
    "pkg:pypi/requests@2.28.2",
    "pkg:pypi/urllib3@1.26.15",
    "pkg:pypi/certifi@2022.12.7",
    "pkg:pypi/idna@3.4",
    "pkg:pypi/jinja2@3.1.2",
    "pkg:pypi/markupsafe@2.1.3",
    "pkg:pypi/click@8.1.7",
    "pkg:pypi/werkzeug@3.0.6",
)
RECORDS = "pkg:pypi/fernwright-records@1.4.2"
RECORDS_FIXED = "pkg:pypi/fernwright-records@1.4.3"
HOUSEKEEPING = (
    "pkg:deb/debian/openssh@1%3A9.2p1-2%2Bdeb12u2?distro=debian-12",
    "pkg:deb/debian/libwebp@1.2.4-0.2?distro=debian-12",
)
UNKNOWN = ("pkg:generic/label-printer-driver@2.1", "pkg:maven/org.example/reporting@1.0")

FLEETS: dict[str, tuple[Machine, ...]] = {
    "hospital": (
        Machine(
            "Patient records server", "yes", (*LIBRARIES, RECORDS, "pkg:pypi/django@4.2.9", "pkg:pypi/pyyaml@6.0.1")
        ),
        Machine("Firewall", "yes", products=(("Fortinet", "FortiOS", "7.4.1"),)),
        Machine("Remote help", "yes", products=(("ConnectWise", "ScreenConnect", "23.9"),)),
        Machine("Doctors' remote access", "unknown", products=(("Citrix", "NetScaler ADC and Gateway", "13.1"),)),
        Machine("Imaging workstation", "no", HOUSEKEEPING, (("Microsoft", "Windows", ""),)),
        Machine("Infusion pumps (12)", "no", UNKNOWN),
    ),
    "bank": (
        Machine("Statement archive", "no", (*LIBRARIES, RECORDS, "pkg:pypi/flask@2.2.2")),
        Machine("File exchange", "yes", products=(("Progress", "MOVEit Transfer", "2023.0.1"),)),
        Machine("Branch router", "yes", products=(("Cisco", "IOS XE Web UI", "17.9"),)),
    ),
    "water": (
        Machine("Pump controllers", "unknown", products=(("Unitronics", "Vision PLC and HMI", "V570"),)),
        Machine("Office server", "no", (*LIBRARIES[:5], *HOUSEKEEPING)),
    ),
    "ambulance": (
        Machine(
            "Dispatch server",
            "yes",
            ("pkg:golang/golang.org/x/net@v0.10.0", "pkg:golang/golang.org/x/text@v0.9.0", RECORDS),
        ),
        Machine("Remote help", "yes", products=(("ConnectWise", "ScreenConnect", "23.9"),)),
    ),
    "bus": (
        Machine("Timetable site", "yes", ("pkg:npm/lodash@4.17.19", "pkg:npm/express@4.18.2", *LIBRARIES[:4], RECORDS)),
    ),
    "town": (
        Machine("Town hall portal", "yes", (*LIBRARIES, "pkg:pypi/flask@2.3.1", "pkg:pypi/pyyaml@5.3.1", RECORDS)),
        Machine("Front desk computers", "no", products=(("Microsoft", "Windows", ""),)),
    ),
    "power": (
        Machine("Meter collector", "no", ("pkg:cargo/tokio@1.12.0", "pkg:golang/golang.org/x/net@v0.21.0", RECORDS)),
        Machine("Gateway", "yes", products=(("Citrix", "NetScaler ADC and Gateway", "13.1"),)),
    ),
}


def sbom(name: str, parts: tuple[str, ...]) -> bytes:
    """Return a CycloneDX parts list of one machine."""
    components = []
    for number, purl in enumerate(parts):
        path, _, version = purl.partition("?")[0].rpartition("@")
        component = {
            "type": "library",
            "bom-ref": f"part-{number}",
            "name": path.rsplit("/", 1)[-1],
            "version": version.replace("%3A", ":").replace("%2B", "+"),
            "purl": purl,
        }
        components.append(component)
    document = {
        "bomFormat": "CycloneDX",
        "specVersion": "1.6",
        "version": 1,
        "metadata": {"component": {"type": "application", "bom-ref": "root", "name": name}},
        "components": components,
    }
    return json.dumps(document).encode()
