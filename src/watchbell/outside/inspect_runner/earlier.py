"""What is there already? Every sample that any earlier log of the run finished, each once, as one log to go on from.

A process that is killed while it copies an earlier log into its own has not copied all of it: the newest log alone
could miss samples that an older one holds. What no log has yet stands in the list of finished samples.
"""

from pathlib import Path
from typing import Any

from inspect_ai.log import EvalLog, read_eval_log

from watchbell.outside.inspect_runner.finished import is_finished, listed
from watchbell.outside.inspect_runner.logs import logs_in
from watchbell.outside.inspect_runner.plan import TASK


def earlier(folder: Path, *, gateway: str) -> tuple[EvalLog | None, int]:
    """Return the newest readable log with all finished samples of the run, and how many these are."""
    newest: Any = None
    finished: dict[tuple[str, int], Any] = {}
    for path in logs_in(folder):
        try:
            log = read_eval_log(str(path))
        except Exception as error:
            print(f"{path.name} cannot be read ({type(error).__name__}); its samples are run again.")  # noqa: T201 (goes to the parent's log)
            continue
        newest = newest or log
        for sample in filter(is_finished, log.samples or []):
            finished.setdefault((str(sample.id), sample.epoch), sample)
    if newest is None:
        return None, 0
    for sample in listed(folder):
        finished.setdefault((str(sample.id), sample.epoch), sample)
    newest.samples = list(finished.values())
    newest.status, newest.location = "error", ""
    newest.eval.model_base_url = gateway
    if newest.eval.task_registry_name == TASK:
        newest.eval.task_file = (
            None  # by its name in this process: the file would be loaded a second time, without a bench
        )
    return newest, len(finished)
