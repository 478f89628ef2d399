"""What surrounds a run without Inspect in it: plans, lines of progress, causes, the process and its bounds."""

import os
import signal
import stat
import sys
import tempfile
import time
from contextlib import suppress
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from watchbell.domain.refusal import Refused
from watchbell.outside import inspect_runner as runner
from watchbell.outside.inspect_runner import Cause, Kind, Outcome, Progress, child, foreign
from watchbell.outside.inspect_runner.causes import Missing, cause_of, ends_the_run
from watchbell.outside.inspect_runner.desk import Desk
from watchbell.outside.inspect_runner.foreign import Hindrance
from watchbell.outside.inspect_runner.interpreter import check_within_reach
from watchbell.outside.inspect_runner.launch import Run
from watchbell.outside.inspect_runner.plan import is_same_run, longest_outage, wanted
from watchbell.outside.inspect_runner.progress import line, read

TOKEN = "wbg_canary-token-0123456789abcdef"
WHOLE: dict[str, Any] = {
    "suite": "tiny",
    "version": 1,
    "seed": "5e" * 16,
    "families": ("spoken",),
    "levels": (1, 2),
    "numbers": 2,
    "model": "alias",
    "gateway": "http://127.0.0.1:8011",
    "folder": "/somewhere",
    "tokens": 1000,
}


def test_a_plan_comes_back_from_its_json_as_it_was_and_lists_its_items_in_order() -> None:
    plan = runner.planned(**WHOLE)

    back = runner.loads(runner.dumps(plan))

    assert back == plan
    assert wanted(back) == (("spoken", 1, 0), ("spoken", 1, 1), ("spoken", 2, 0), ("spoken", 2, 1))


def test_a_plan_may_name_its_items_and_a_family_may_have_a_dot_in_its_name() -> None:
    grid = {"families": (), "levels": (), "numbers": 0}

    plan = runner.planned(**WHOLE | grid | {"items": ("tiny.a.b.3.0", "tiny.c.5.12")})

    assert wanted(plan) == (("a.b", 3, 0), ("c", 5, 12))


@pytest.mark.parametrize(
    ("change", "place"),
    [
        ({"gateway": "http://user:word@gateway.example"}, "/gateway"),
        ({"gateway": "http://gateway.example/v1?key=1"}, "/gateway"),
        ({"gateway": "file:///etc/passwd"}, "/gateway"),
        ({"seed": "5e"}, "/seed"),
        ({"model": "a b"}, "/model"),
        ({"folder": "runs/1"}, "/folder"),
        ({"items": ("tiny.spoken.1.0",)}, "/items"),
        ({"families": ("spoken", "spoken")}, "/items"),
        ({"task": "inspect_evals/x"}, "/suite"),
        ({"scaffold": "team"}, "/scaffold"),
        ({"tokens": 0}, "/tokens"),
        ({"time_limit": 100}, "/time_limit"),
        ({"sandbox": "os:system; x"}, "/sandbox"),
    ],
)
def test_an_odd_plan_is_refused_with_the_place(change: dict[str, Any], place: str) -> None:
    with pytest.raises(Refused) as refused:
        runner.planned(**WHOLE | change)

    assert refused.value.refusal.place == place


@pytest.mark.parametrize(
    "data",
    [b"[]", b'{"tokens":1}', b'{"token":"wbg_x"}', b'{"tokens":"1"}', b'{"tokens":true}', b'{"families":"a"}'],
)
def test_json_that_is_no_plan_is_refused(data: bytes) -> None:
    with pytest.raises(Refused):
        runner.loads(data)


def test_a_silent_endpoint_is_given_up_before_the_time_of_a_sample_is_over() -> None:
    plan = runner.planned(**WHOLE)

    assert longest_outage(attempt_timeout=plan.attempt_timeout, max_retries=plan.max_retries) < plan.time_limit


def test_a_resumed_run_may_have_another_gateway_but_no_other_seed_or_budget() -> None:
    plan = runner.planned(**WHOLE)

    assert is_same_run(plan, runner.planned(**WHOLE | {"gateway": "http://127.0.0.1:9", "connections": 2}))
    assert not is_same_run(plan, runner.planned(**WHOLE | {"seed": "5f" * 16}))
    assert not is_same_run(plan, runner.planned(**WHOLE | {"tokens": 2000}))


counts = st.integers(0, 1 << 53)


@given(
    kind=st.sampled_from(Kind),
    outcome=st.sampled_from(Outcome),
    cause=st.sampled_from(Cause),
    done=counts,
    epoch=counts,
)
def test_a_line_of_progress_says_what_was_told(
    kind: Kind, outcome: Outcome, cause: Cause, done: int, epoch: int
) -> None:
    told = Progress(kind=kind, item="tiny.a.1.0", outcome=outcome, cause=cause, done=done, epoch=epoch)

    assert read(line(told)) == told


@given(st.binary(max_size=60))
def test_bytes_that_do_not_spell_a_kind_are_not_progress(data: bytes) -> None:
    assert b"kind" in data or read(data) is None


@pytest.mark.parametrize(
    "data",
    [
        b'{"kind":"verdict"}',
        b'{"kind":"sample","item":"\\u001b[2J"}',
        b'{"kind":"sample","item":"<b>"}',
        b'{"kind":"sample","said":"more"}',
        b'{"kind":"sample","done":-1}',
        b'{"kind":"sample","done":true}',
        b'{"kind":"sample","done":1,"done":2}',
        b'{"kind":"sample","item":"' + b"a" * 4000 + b'"}',
    ],
)
def test_a_line_that_is_odd_in_any_part_is_not_progress(data: bytes) -> None:
    assert read(data) is None


def failed_with(status: int, code: str = "") -> Exception:
    error = RuntimeError("said by Inspect")
    cause: Any = RuntimeError("said by the client")
    cause.status_code = status
    cause.response = SimpleNamespace(headers={"x-watchbell-code": code} if code else {})
    error.__cause__ = cause
    return error


@pytest.mark.parametrize(
    ("status", "code", "cause"),
    [
        (401, "bad-token", Cause.TOKEN),
        (402, "no-tokens-left", Cause.BUDGET),
        (402, "no-requests-left", Cause.BUDGET),
        (403, "window-over", Cause.WINDOW),
        (403, "model-out-of-scope", Cause.SCOPE),
        (403, "", Cause.WINDOW),
        (429, "too-many-a-minute", Cause.BUSY),
        (503, "ledger-away", Cause.ENDPOINT),
        (502, "endpoint-html", Cause.ENDPOINT),
        (400, "endpoint-refused", Cause.REQUEST),
    ],
)
def test_the_gateways_answers_are_told_apart(status: int, code: str, cause: Cause) -> None:
    found, said = cause_of(failed_with(status, code))

    assert (found, said) == (cause, status)
    assert ends_the_run(found) is (status in (401, 402, 403))


def test_an_answer_that_cannot_be_read_is_not_a_silent_endpoint() -> None:
    silent = type("APITimeoutError", (Exception,), {})

    assert cause_of(silent()) == (Cause.ENDPOINT, 0)
    assert cause_of(ValueError("total_tokens")) == (Cause.ODD_ANSWER, 0)
    assert str(Missing(Cause.ODD_ANSWER, "x")).startswith("missing/odd-answer")


def test_after_enough_samples_in_a_row_without_an_answer_the_run_ends_once() -> None:
    said, ends = list[bytes](), list[int]()
    desk = Desk(said.append, patience=3, clock=lambda: 0.0, end=lambda: ends.append(1))
    missing = (Outcome.MISSING, Cause.ENDPOINT, (0, 0))

    for outcome in (missing, missing, (Outcome.ANSWERED, Cause.NONE, (5, 6)), missing, missing, missing, missing):
        desk.sample_ended("uuid", "tiny.a.1.0", 1, *outcome)

    told = [one for one in map(read, said) if one]
    assert [one.kind for one in told].count(Kind.STOPPED) == 1
    assert (ends, desk.stopped) == ([1], Cause.ENDPOINT)
    assert (told[-1].done, told[-1].missing) == (1, 6)


def test_when_the_parent_is_gone_the_run_ends_and_words_before_that_hold_it_back_or_let_it_go_on() -> None:
    said, ends = list[bytes](), list[int]()
    desk = Desk(said.append, end=lambda: ends.append(1))

    child._listen(iter([b"pause", b"nonsense", b"go on"]), desk)

    assert [one.kind for one in map(read, said) if one] == [Kind.PAUSED, Kind.GOING, Kind.STOPPED]
    assert (desk.stopped, ends) == (Cause.PARENT_GONE, [1])


# -- the process: a Python without Inspect ends at once, which is enough to see what it was given


def begun(tmp_path: Path, program: str, start: Any = runner.start) -> Run:
    """Start a run whose process does this before anything of ours is imported."""
    (tmp_path / "path").mkdir(exist_ok=True)
    (tmp_path / "path" / "sitecustomize.py").write_text(program, encoding="utf-8")
    plan = runner.planned(**WHOLE | {"folder": str(tmp_path / "run")})
    run: Run = start(
        plan, token=TOKEN, python=Path(sys.executable), as_root=os.geteuid() == 0, PYTHONPATH=str(tmp_path / "path")
    )
    return run


def test_the_process_finds_no_word_of_our_environment_and_no_token_in_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("WATCHBELL_DATABASE_URL", "postgresql://canary")
    monkeypatch.setenv("HTTPS_PROXY", "http://canary.example")
    program = "import os, sys; sys.stderr.write(open('/proc/self/environ').read() + repr(sys.argv)); os._exit(7)"

    run = begun(tmp_path, program)
    told = list(run.told())
    result = run.result()

    assert (told, result.status, result.log) == ([], 7, None)
    assert "canary" not in result.errors
    assert f"HOME={tmp_path / 'run' / 'home'}" in result.errors
    assert stat.S_IMODE((tmp_path / "run").stat().st_mode) == 0o700
    assert TOKEN not in "".join(one.read_text() for one in (tmp_path / "run").rglob("*") if one.is_file())


def test_what_the_process_complains_of_is_cut_harmless_and_without_the_token(tmp_path: Path) -> None:
    program = (
        "import os, sys; token = os.read(0, 100).decode().strip();"
        "sys.stderr.write('x' * 100_000 + token + '\\x1b[2J' + token[:10] + token); sys.stderr.flush();"
        "os.write(1, b'y' * 1_000_000 + b'\\n' + b'{\"kind\":\"ended\"}\\n' + b'z' * 5000); os._exit(1)"
    )

    run = begun(tmp_path, program)
    told = list(run.told())
    result = run.result()

    assert [one.kind for one in told] == [Kind.ENDED]
    assert (result.odd_lines, len(result.errors) <= 16 << 10) == (2, True)
    assert TOKEN not in result.errors
    assert "\x1b" not in result.errors
    assert "[token]" in result.errors


def test_a_cancelled_process_that_does_not_listen_is_killed_with_all_it_started(tmp_path: Path) -> None:
    program = (
        "import signal, subprocess, sys, time; signal.signal(signal.SIGTERM, signal.SIG_IGN);"
        "one = subprocess.Popen(['sleep', '30']); print(one.pid, file=sys.stderr, flush=True);"
        'print(\'{"kind":"ready"}\', flush=True); time.sleep(30)'
    )

    run = begun(tmp_path, program)
    assert next(run.told()).kind is Kind.READY
    run.cancel(seconds=0.1)
    result = run.result()

    assert result.status == -signal.SIGKILL
    started = Path(f"/proc/{result.errors.split()[0]}/stat")
    until = time.monotonic() + 5
    while started.exists() and started.read_text().split()[2] != "Z" and time.monotonic() < until:
        time.sleep(0.01)
    with suppress(FileNotFoundError):
        assert started.read_text().split()[2] == "Z"


def test_a_folder_holds_one_run_and_a_log_is_a_plain_file(tmp_path: Path) -> None:
    list(begun(tmp_path, "import os; os._exit(0)").told())
    logs = tmp_path / "run" / "logs"
    (tmp_path / "secret").write_bytes(b"secret")
    (logs / "b.eval").symlink_to(tmp_path / "secret")
    (logs / "a.eval").write_bytes(b"log")
    another = runner.planned(**WHOLE | {"folder": str(tmp_path / "run"), "seed": "5f" * 16})

    assert runner.logs_in(tmp_path / "run") == [logs / "a.eval"]
    with pytest.raises(runner.AlreadyBegun):
        begun(tmp_path, "")
    with pytest.raises(runner.AnotherRun):
        runner.resume(another, token=TOKEN, python=Path(sys.executable))


PLAIN = Path("/usr/bin/python3")


@pytest.mark.skipif(os.geteuid() != 0 or not PLAIN.exists(), reason="only root has rights to give up")
def test_started_by_root_the_process_has_no_rights_but_on_its_own_folder() -> None:
    program = "import os; os.write(2, repr((os.getresuid(), os.getresgid(), os.getgroups())).encode()); os._exit(0)"
    with tempfile.TemporaryDirectory() as name:
        home = Path(name)
        home.chmod(0o755)
        (home / "path").mkdir(mode=0o755)
        (home / "path" / "sitecustomize.py").write_text(program, encoding="utf-8")
        plan = runner.planned(**WHOLE | {"folder": str(home / "run")})

        run = runner.start(plan, token=TOKEN, python=PLAIN, PYTHONPATH=str(home / "path"))
        list(run.told())

        assert run.result().errors == repr(((65534,) * 3, (65534,) * 3, []))
        assert {one.stat().st_uid for one in [home / "run", *(home / "run").rglob("*")]} == {65534}


# -- which Python


def test_the_interpreter_of_a_checkout_is_found_beside_ours_and_a_missing_one_is_said(tmp_path: Path) -> None:
    ours, theirs = (tmp_path / ".venv" / kind / "bin" / "python" for kind in ("run", "eval"))
    for one in (ours, theirs):
        one.parent.mkdir(parents=True)
    ours.touch()

    with pytest.raises(runner.NoInspect, match=r"watchbell\[eval\]"):
        runner.interpreter(executable=str(ours))
    theirs.touch()

    assert runner.interpreter(executable=str(ours)) == theirs


def test_an_interpreter_that_an_ordinary_user_may_not_reach_is_said_with_the_folder_in_the_way(tmp_path: Path) -> None:
    closed = tmp_path / "closed"
    closed.mkdir()
    python = closed / "python"
    python.touch(mode=0o755)
    (tmp_path / "link").symlink_to(python)
    closed.chmod(0o700)

    with pytest.raises(runner.OutOfReach, match="may not reach"):
        check_within_reach(tmp_path / "link", user=os.getuid() + 1)


# -- tasks of others

EVAL = {
    "title": "A \x1b[31mtitle",
    "version": "4-B",
    "tasks": [{"name": "one", "dataset_samples": 40}, {"name": "two"}],
}


@pytest.mark.parametrize(
    ("more", "hindrances"),
    [
        ({}, ()),
        ({"dependency": "cybench"}, (Hindrance.PACKAGE,)),
        ({"metadata": {"sandbox": ["solver", "scorer"]}}, (Hindrance.DOCKER,)),
        ({"metadata": {"requires_internet": True}}, (Hindrance.DATA,)),
        ({"external_assets": [{"type": "huggingface"}]}, (Hindrance.DATA,)),
        ({"tasks": "none"}, (Hindrance.UNREADABLE,)),
    ],
)
def test_what_hinders_a_task_of_others_is_read_and_not_guessed(
    more: dict[str, Any], hindrances: tuple[Hindrance, ...]
) -> None:
    found = foreign.described("bench", EVAL | more)

    assert found[0].hindrances == hindrances
    assert found[0].runs_here is (not hindrances)
    assert "\x1b" not in found[0].title


def test_a_file_of_theirs_is_looked_at_and_never_run(tmp_path: Path) -> None:
    file = tmp_path / "theirs.py"
    file.write_text(
        "import os, no_such_package_at_all\n"
        f"open({str(tmp_path / 'mark')!r}, 'w')\n"
        "def box():\n    return Task(sandbox=('docker', 'x'))\n"
        "def host():\n    return Task(sandbox='local')\n"
    )

    found = foreign.looked_at(f"{file}@box", python=Path(sys.executable))
    missing = foreign.looked_at(f"{file}@nowhere", python=Path(sys.executable))

    assert set(found.hindrances) == {Hindrance.DOCKER, Hindrance.HOST, Hindrance.PACKAGE}
    assert "no_such_package_at_all" in found.about
    assert missing.hindrances == (Hindrance.UNREADABLE,)
    assert not (tmp_path / "mark").exists()
