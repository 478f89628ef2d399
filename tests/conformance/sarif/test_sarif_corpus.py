"""Does every result of a log with several tools end as a claim, a refusal, or a stated reason?"""

from pathlib import Path

from watchbell.domain.advisory import Location
from watchbell.formats import sarif

HERE = Path(__file__).parent


def test_a_log_of_three_tools_adds_up() -> None:
    found = sarif.loads((HERE / "two_runs.sarif").read_bytes())

    path, key = found.claims
    assert (found.results, found.refused_count, found.suppressed, found.not_flaws) == (5, 1, 1, 1)
    assert (path.title, path.description, path.cwes) == ("Path traversal", "name reaches open", ("CWE-22",))
    assert path.locations == (Location(uri="src/store.py", line=12, symbol="store.load"),)
    assert path.fingerprints == (("primaryLocationLineHash", "abc:1"),)
    assert (key.title, key.cwes, key.suggested_fix) == (
        "A key is in the source",
        ("CWE-798",),
        "Read it from the key store.",
    )
