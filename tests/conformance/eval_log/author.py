"""How were the logs beside this file made? By Inspect itself, with a scripted model: `python author.py OUT`, alone.

Run with the Python of the environment for evaluations; each log in a process of its own, in a folder with a neutral
name. Nothing of the machine goes into a log: tracebacks are taken out where an error was to be logged.
"""

import os
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

KINDS = ("plain", "errors", "slow", "refusing", "epochs", "cancelled", "document")
ITEMS = [f"patch.traversal.{level}.{number}" for level in (1, 2) for number in range(3)]
ALIAS, ENDPOINTS_NAME = "northlight-1", "nl-1-2026-11"
CANCEL_AFTER = 3


def main() -> None:
    """Make every log into the folder named, or one of them here."""
    if sys.argv[1] == "one":
        make(sys.argv[2])
        return
    out = Path(sys.argv[1]).resolve()
    with tempfile.TemporaryDirectory() as scratch:
        script = Path(scratch, "author.py")
        shutil.copy(__file__, script)
        for kind in KINDS:
            command = [sys.executable, "author.py", "one", kind]
            clean = {"PATH": os.environ["PATH"], "HOME": scratch, "INSPECT_LOG_FORMAT": "eval"}
            subprocess.run(command, cwd=scratch, env=clean, check=kind != "cancelled")
            [made] = Path(scratch, "logs", kind).glob("*.json" if kind == "document" else "*.eval")
            shutil.copy(made, out / f"{kind}{made.suffix}")


def make(kind: str) -> None:
    """This will run one evaluation of six items with a budget of 1,000 tokens a sample."""
    from inspect_ai import Task, eval, task
    from inspect_ai.dataset import Sample
    from inspect_ai.log import read_eval_log, write_eval_log
    from inspect_ai.model import GenerateConfig, ModelAPI, ModelOutput, ModelUsage, modelapi
    from inspect_ai.scorer import match
    from inspect_ai.solver import generate

    class Scripted(ModelAPI):
        """Answers from the item's number: even ones right, odd ones wrong."""

        def __init__(self, model_name: str, base_url: str | None = None, api_key: str | None = None, **_: Any) -> None:
            super().__init__(model_name, base_url, api_key, [], GenerateConfig())
            self.calls = 0

        async def generate(self, input: Any, tools: Any, tool_choice: Any, config: Any) -> ModelOutput:
            import anyio

            self.calls += 1
            text = input[-1].text
            number = int(text.rpartition(" ")[2])
            if kind == "cancelled" and self.calls > CANCEL_AFTER:
                time.sleep(0.5)
                os.kill(os.getpid(), signal.SIGKILL)
            if kind == "slow" and number == 5:
                await anyio.sleep(30)
            if kind == "errors" and number == 2:
                raise RuntimeError("the endpoint is not there")
            output = ModelOutput.from_content(
                model=ENDPOINTS_NAME if number != 4 or kind != "errors" else "another-model",
                content=f"ANSWER: {number if number % 2 == 0 else 'none'}",
                stop_reason="content_filter" if kind == "refusing" and number in (1, 2) else "stop",
            )
            output.usage = ModelUsage(input_tokens=20, output_tokens=7, total_tokens=27)
            return output

    modelapi(name="scripted")(lambda: Scripted)

    @task(name="patch")
    def patch() -> Task:
        samples = [
            Sample(id=item, input=f"Say the number {at}", target=str(at), metadata={"family": "traversal"})
            for at, item in enumerate(ITEMS)
        ]
        return Task(dataset=samples, solver=generate(), scorer=match(), version=1)

    where = f"logs/{kind}"
    eval(
        patch(),
        model=f"scripted/{ALIAS}",
        epochs=2 if kind == "epochs" else 1,
        token_limit=1000,
        time_limit=2 if kind == "slow" else None,
        fail_on_error=False,
        max_connections=1 if kind == "cancelled" else 4,
        max_samples=1 if kind == "cancelled" else 4,
        log_dir=where,
        log_buffer=1,
        log_realtime=False,
        log_format="json" if kind == "document" else "eval",
        display="none",
    )
    for path in Path(where).iterdir():
        if kind == "errors":
            write_eval_log(_without_tracebacks(read_eval_log(str(path))), str(path))


def _without_tracebacks(log: Any) -> Any:
    """Return the log without what names files of the machine it was made on."""
    for sample in log.samples:
        for found in (sample.error, *(getattr(event, "error", None) for event in sample.events)):
            if hasattr(found, "traceback"):
                found.traceback = found.traceback_ansi = ""
        for event in sample.events:
            for name in ("traceback", "traceback_ansi"):
                if getattr(event, name, None):
                    setattr(event, name, "")
    return log


if __name__ == "__main__":
    main()
