"""Every change to a case: open, invite, agree on silence, report, answer, talk, note what the world knows, close."""

from watchbell.apps.cases.services.embargo import (
    accept,
    decline,
    join,
    propose_embargo,
    reject,
    terminate,
)
from watchbell.apps.cases.services.facts import (
    check_may_publish,
    note_attacks,
    note_exploit,
    note_public,
    record_publication,
)
from watchbell.apps.cases.services.opening import (
    AlreadyCoordinated,
    AlreadyTakesPart,
    CannotOpen,
    Party,
    assign,
    close,
    invite,
    leave,
    open_case,
    raise_marking,
)
from watchbell.apps.cases.services.reports import (
    ProductAnswer,
    accept_report,
    answer_report,
    fix_deployed,
    fix_ready,
    name_cve,
    send_report,
    set_severity,
    set_status,
)
from watchbell.apps.cases.services.standing import NotAllowed, NotYet
from watchbell.apps.cases.services.talk import open_case_page, post

__all__ = [
    "AlreadyCoordinated",
    "AlreadyTakesPart",
    "CannotOpen",
    "NotAllowed",
    "NotYet",
    "Party",
    "ProductAnswer",
    "accept",
    "accept_report",
    "answer_report",
    "assign",
    "check_may_publish",
    "close",
    "decline",
    "fix_deployed",
    "fix_ready",
    "invite",
    "join",
    "leave",
    "name_cve",
    "note_attacks",
    "note_exploit",
    "note_public",
    "open_case",
    "open_case_page",
    "post",
    "propose_embargo",
    "raise_marking",
    "record_publication",
    "reject",
    "send_report",
    "set_severity",
    "set_status",
    "terminate",
]
