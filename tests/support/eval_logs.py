"""Logs that Inspect wrote (tests/conformance/eval_log), and the same with something in them changed."""

import io
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

from watchbell.formats import eval_log, strictjson
from watchbell.formats.eval_log import Log
from watchbell.outside.reader import EVAL_LOG, Archive

LOGS = Path(__file__).parents[1] / "conformance" / "eval_log" / "logs"
FIRST = "samples/patch.traversal.1.0_epoch_1.json"
Files = dict[str, bytes]


def files_of(name: str) -> Files:
    """Return the files of an authored log, unpacked."""
    with (LOGS / name).open("rb") as file:
        archive = Archive(file, name, EVAL_LOG)
        return {one: archive.read(one, most=2**20) for one in archive.names}


WRITTEN = (2026, 11, 28, 12, 0, 0)
"""When every file was packed: the same files are the same log, whatever time it is."""


def packed(files: Files) -> bytes:
    """Return these files as a log, deflated."""
    made = io.BytesIO()
    with zipfile.ZipFile(made, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in files.items():
            archive.writestr(zipfile.ZipInfo(name, WRITTEN), content, zipfile.ZIP_DEFLATED)
    return made.getvalue()


def opened(data: bytes) -> Log:
    """Return the log in these bytes of a `.eval`."""
    return eval_log.open_log(Archive(io.BytesIO(data), "log.eval", EVAL_LOG))


def changed(files: Files, name: str, change: Callable[[Any], object]) -> Files:
    """Return the files with one of them changed as JSON."""
    value = strictjson.loads(files[name])
    change(value)
    return {**files, name: strictjson.dumps(value)}


def retold(files: Files, change: Callable[[Any], object], item: str = "patch.traversal.1.0", epoch: int = 1) -> Files:
    """Return the files with one sample changed, and the summaries as the changed sample would have them."""
    files = changed(files, f"samples/{item}_epoch_{epoch}.json", change)
    scores = strictjson.loads(files[f"samples/{item}_epoch_{epoch}.json"])["scores"]

    def tell(summaries: Any) -> None:
        for one in summaries:
            if (one["id"], one["epoch"]) == (item, epoch):
                one["scores"] = scores

    return changed(files, "summaries.json", tell)


def long_log(samples: int) -> bytes:
    """Return a whole log of so many samples of the first level, each as the first authored one but for its names."""
    files = files_of("plain.eval")
    names = [f"patch.traversal.1.{number}" for number in range(samples)]
    first, told = strictjson.loads(files[FIRST]), strictjson.loads(files["summaries.json"])[0]
    renamed = [{"id": name, "uuid": f"uuid-{name}"} for name in names]
    found = {name: data for name, data in files.items() if not name.startswith(("samples/", "_journal/", "reductions"))}
    found["summaries.json"] = strictjson.dumps([told | one for one in renamed])
    found |= {f"samples/{one['id']}_epoch_1.json": strictjson.dumps(first | one) for one in renamed}
    dataset = {"samples": samples, "sample_ids": names}
    return packed(changed(found, "header.json", lambda head: head["eval"]["dataset"].update(dataset)))
