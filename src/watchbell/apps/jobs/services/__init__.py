"""Every change to the list of work: ask, claim, renew, settle, reap, cancel, retry, fill periodic slots."""

from watchbell.apps.jobs.services.leases import (
    Claim,
    claim,
    fail,
    finish,
    put_back,
    reap,
    settle_cancelled,
)
from watchbell.apps.jobs.services.requests import (
    KeyTaken,
    NotThere,
    NotYours,
    Order,
    cancel,
    enqueue,
    enqueue_all,
    forget_finished,
    retry_dead,
)
from watchbell.apps.jobs.services.slots import fill_slots

__all__ = [
    "Claim",
    "KeyTaken",
    "NotThere",
    "NotYours",
    "Order",
    "cancel",
    "claim",
    "enqueue",
    "enqueue_all",
    "fail",
    "fill_slots",
    "finish",
    "forget_finished",
    "put_back",
    "reap",
    "retry_dead",
    "settle_cancelled",
]
