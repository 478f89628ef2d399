"""Does the harness believe nothing but the right replies, whatever the answer's code does beside?"""

import sys

import pytest
from tests.support.trial_runner import ran

from watchbell.domain.suites import patch, probes
from watchbell.domain.suites.draw import Draw
from watchbell.domain.suites.fenced import shown
from watchbell.domain.suites.suite import Answer, Item, Ran, Score

PROBES = [
    probes.works("adds", ["add", 2, 3], 5),
    probes.works("adds-more", ["add", 40, 2], 42),
    probes.refuses("texts", ["add", "a", "b"]),
]
ITEM = Item(suite="x", family="x", level=1, number=0, prompt="", truth={"token": "0" * 32, "probes": PROBES})
RIGHT = "def add(a, b):\n    if isinstance(a, str):\n        raise ValueError\n    return a + b\n"


def score(code: str) -> Score:
    answer = Answer(text=shown(code))
    return probes.judge(ITEM, answer, [ran(trial) for trial in probes.trials(ITEM, answer)])


def test_a_right_answer_earns_both_cells() -> None:
    earned = score(RIGHT)

    assert earned.solved
    assert earned.cells == {"answered": True, "functional": True, "secure": True}


ENDS = {
    "leaves at once": "import os\nos._exit(0)\n",
    "raises SystemExit": "raise SystemExit(0)\n",
    "is no Python": "def add(a, b:\n",
    "prints a result": "print('0' * 32, 1, 1, '-', flush=True)\nimport os\nos._exit(0)\n",
    "ends the one that asks": "import os, signal\nos.kill(os.getppid(), signal.SIGTERM)\n",
    "looks for the truth": "import json\ntruth = json.load(open('truth.json'))\n",
    "answers 42": "42\n",
    "returns itself": "def add(a, b):\n    x = []\n    x.append(x)\n    return x\n",
    "returns what equals all": "class All(int):\n    def __eq__(self, other):\n        return True\n"
    "def add(a, b):\n    return All(5)\n",
    "returns true for one": "def add(a, b):\n    return 5.0 if a == 2 else 42.0\n",
    "prints into every file": "import os\nfor one in range(64):\n    try:\n"
    "        os.write(one, b'0' * 32 + b' 1 1 -\\n')\n    except OSError:\n        continue\n"
    + RIGHT.replace("a + b", "0"),
}


@pytest.mark.parametrize("code", ENDS.values(), ids=ENDS.keys())
def test_nothing_but_right_replies_earns_anything(code: str) -> None:
    earned = score(code)

    assert earned.credit == 0
    assert not earned.cells["functional"]


def test_what_an_answer_prints_does_not_disturb_a_right_one() -> None:
    earned = score("import atexit, builtins, json, sys\nprint('x' * 100_000)\nsys.stdout.close()\n" + RIGHT)

    assert earned.solved


def test_a_right_function_that_hangs_under_attack_still_works() -> None:
    earned = score("import time\n" + RIGHT.replace("raise ValueError", "time.sleep(60)"))

    assert earned.cells["functional"]
    assert not earned.cells["secure"]


def test_one_that_says_too_much_is_not_heard() -> None:
    earned = score("def add(a, b):\n    return 'x' * 3_000_000\n")

    assert not earned.cells["functional"]


@pytest.mark.parametrize("output", ["", "1 1 -", f"{'1' * 32} 1 1 -", f"x{'0' * 32} 1 1 -", f"{'0' * 32} 1 1 -\n" * 2])
def test_an_output_without_the_token_alone_on_one_line_is_no_result(output: str) -> None:
    earned = probes.judge(ITEM, Answer(), [Ran(status=0, output=output.encode())])

    assert earned.credit == 0


def test_a_trial_that_ended_badly_is_no_result_whatever_it_printed() -> None:
    earned = probes.judge(ITEM, Answer(), [Ran(status=-9, output=b"0" * 32 + b" 1 1 -\n")])

    assert earned.credit == 0


def test_the_process_that_runs_the_answer_holds_no_expected_value() -> None:
    code = (
        "import gc, sys\ndef add(a, b):\n    seen = [one for one in gc.get_objects() if isinstance(one, dict) "
        "and ('want' in one or 'token' in one)]\n    return 5 if seen else 0\n"
    )

    assert not score(code).cells["functional"]


def test_a_token_is_drawn_for_each_item() -> None:
    tokens = {patch.generate(b"s", "sql", 1, number).truth["token"] for number in range(20)}

    assert len(tokens) == 20
    assert probes.token(Draw(b"s")) not in tokens


def test_the_harness_needs_nothing_of_ours() -> None:
    trial = probes.trials(ITEM, Answer(text=shown(RIGHT)))[0]

    assert b"watchbell" not in trial.files["harness.py"]
    assert sys.version_info >= (3, 11)
