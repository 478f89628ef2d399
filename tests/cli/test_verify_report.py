"""A report that somebody took away is checked on any machine, with nothing but the file and the key."""

from pathlib import Path

import pytest
from click.testing import CliRunner
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from watchbell.cli.journal import journal_verb
from watchbell.cli.verify_report import is_report, verify_file
from watchbell.formats import strictjson

REPORT = b'{"for":"public","number":2,"report":"watchbell-evaluation-report-1","tlp":"TLP:CLEAR"}'


def signed(report: bytes = REPORT) -> tuple[bytes, str]:
    secret = Ed25519PrivateKey.generate()
    key = secret.public_key().public_bytes_raw().hex()
    return b'{"public_key":"%b","report":%b,"signature":"%b"}\n' % (
        key.encode(),
        report,
        secret.sign(report).hex().encode(),
    ), key


def run(*arguments: str) -> tuple[int, str]:
    done = CliRunner().invoke(journal_verb, ["verify", *arguments])
    return done.exit_code, done.output


def test_a_report_holds_and_says_for_whom_it_is(tmp_path: Path) -> None:
    file = tmp_path / "report.json"
    content, key = signed()
    file.write_bytes(content)

    code, told = run(str(file), "--key", key)
    as_json = strictjson.loads(run(str(file), "--json")[1])

    assert (code, "The report holds: report 2, as public may read it" in told) == (0, True)
    assert (as_json["holds"], as_json["for"], as_json["keys"]) == (True, "public", [key])


@pytest.mark.parametrize(
    ("changed", "why"),
    [
        (lambda whole: whole.replace(b'"number":2', b'"number":3'), "the signature does not fit"),
        (lambda whole: whole[:-4], "the file is not whole"),
        (lambda whole: whole + b"more", "the file is not whole"),
        (lambda whole: whole.replace(whole[-10:-4], b"000000"), "the signature does not fit"),
        (lambda _whole: signed(b"[1]")[0], "no evaluation report"),
        (lambda _whole: signed(b"[" * 200_000)[0], "no evaluation report"),
        (lambda _whole: signed(b'{"report":"another"}')[0], "no evaluation report"),
    ],
)
def test_whatever_was_changed_is_said_and_ends_with_one(tmp_path: Path, changed, why: str) -> None:
    file = tmp_path / "report.json"
    file.write_bytes(changed(signed()[0]))

    code, told = run(str(file))

    assert (code, why in told) == (1, True)


def test_a_key_that_is_not_trusted_signs_nothing_here(tmp_path: Path) -> None:
    file = tmp_path / "report.json"
    file.write_bytes(signed()[0])

    verdict = verify_file(file, trusted=["ab" * 32])

    assert (verdict.holds, "not one you trust" in verdict.text) == (False, True)


def test_options_of_a_record_do_not_go_with_a_report(tmp_path: Path) -> None:
    file = tmp_path / "report.json"
    file.write_bytes(signed()[0])

    code, told = run(str(file), "--earlier", str(file))

    assert (code, "FILE is a report" in told) == (2, True)
    assert not is_report(Path(__file__))
