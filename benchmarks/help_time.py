"""How much CPU does `watchbell --help` take, against a bare Python that does nothing?

CPU time of the child processes, user and system together, as the kernel counted it; rounds
alternate between the two, so that a busy machine slows both, and the figures are medians.
"""

import os
import resource
import statistics
import subprocess
import sys

ROUNDS = 15
AIM_MS = 150


def main(arguments: list[str]) -> None:
    """Print both medians, their difference and their ratio."""
    bare, helped = [], []
    for _ in range(ROUNDS):
        bare.append(cpu_ms([sys.executable, "-c", "pass"]))
        helped.append(cpu_ms([sys.executable, "-m", "watchbell", "--help"]))
    low, high = statistics.median(bare), statistics.median(helped)
    print(f"bare python       {low:7.1f} ms CPU (median of {ROUNDS})")
    print(f"watchbell --help  {high:7.1f} ms CPU (aim: at most {AIM_MS}), {high / low:.1f} times bare python")


def cpu_ms(command: list[str]) -> float:
    """Return the CPU time one run of this command takes, in milliseconds."""
    clean = {name: value for name, value in os.environ.items() if not name.startswith("WATCHBELL_")}
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    subprocess.run(command, env=clean, stdout=subprocess.DEVNULL, check=True)
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    return 1000 * (after.ru_utime - before.ru_utime + after.ru_stime - before.ru_stime)


if __name__ == "__main__":
    main(sys.argv[1:])
