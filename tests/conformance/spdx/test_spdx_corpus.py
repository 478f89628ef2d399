"""Do SPDX 2.3 and 3.0 of one product say the same to us?"""

from pathlib import Path

from watchbell.formats import spdx

HERE = Path(__file__).parent


def test_the_two_generations_give_the_same_package() -> None:
    older = spdx.loads((HERE / "small.spdx.json").read_bytes())
    newer = spdx.loads((HERE / "small.spdx3.json").read_bytes())

    for found in (older, newer):
        ledger, gate = found.components
        assert (ledger.name, ledger.version, ledger.purl) == ("ledger", "1.2.3", "pkg:pypi/ledger@1.2.3")
        assert (gate.name, gate.version) == ("gate", "")
    assert older.components[0].supplier == "Acme"
    assert newer.components[1].cpe.startswith("cpe:2.3:a:acme:gate")
