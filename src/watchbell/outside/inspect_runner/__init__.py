"""Run an evaluation with Inspect AI: one process a suite, model and budget, resumable and told live."""

from watchbell.outside.inspect_runner.interpreter import NoInspect, OutOfReach, interpreter
from watchbell.outside.inspect_runner.launch import AlreadyBegun, AnotherRun, Result, Run, forget, resume, start
from watchbell.outside.inspect_runner.logs import logs_in
from watchbell.outside.inspect_runner.parts import BUILT_IN, is_built_in, part_of
from watchbell.outside.inspect_runner.plan import SCAFFOLDS, RunPlan, dumps, loads, planned
from watchbell.outside.inspect_runner.progress import Cause, Kind, Outcome, Progress

__all__ = [
    "BUILT_IN",
    "SCAFFOLDS",
    "AlreadyBegun",
    "AnotherRun",
    "Cause",
    "Kind",
    "NoInspect",
    "OutOfReach",
    "Outcome",
    "Progress",
    "Result",
    "Run",
    "RunPlan",
    "dumps",
    "forget",
    "interpreter",
    "is_built_in",
    "loads",
    "logs_in",
    "part_of",
    "planned",
    "resume",
    "start",
]
