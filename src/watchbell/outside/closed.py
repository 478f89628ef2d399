"""This will keep the memory of a process that holds other people's secrets from every other one of its user."""

import ctypes
import resource

_SET_DUMPABLE = 4


def close_memory() -> None:
    """This will leave no core dump, and let no process of the same user attach or read /proc/PID/mem or environ.

    The kernel then treats the process as it treats one that has changed its user (prctl(2), PR_SET_DUMPABLE).
    The administrator of the machine is not held off by this, and nothing can be.
    """
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    ctypes.CDLL(None, use_errno=True).prctl(_SET_DUMPABLE, 0, 0, 0, 0)
