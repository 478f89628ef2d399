"""Which words does intake use? Channels, formats, reasons for a rejection, and what is answered for each item."""

from enum import StrEnum


class Channel(StrEnum):
    """Through which door a submission came."""

    FORM = "form"
    API = "api"
    SUBMIT = "submit"
    IMPORT = "import"


class UploadFormat(StrEnum):
    """In which words a submission was written."""

    SARIF = "sarif"
    NDJSON = "ndjson"
    VRF = "vrf"
    OSV = "osv"
    CVE = "cve"
    CSV = "csv"
    MAIL = "mail"
    FORM = "form"


class RejectionReason(StrEnum):
    """Why a finding was rejected; the note beside it is for people."""

    NOT_A_FLAW = "not-a-flaw"
    NOT_REPRODUCIBLE = "not-reproducible"
    NOT_ENOUGH_INFORMATION = "not-enough-information"
    OUT_OF_SCOPE = "out-of-scope"
    NOT_SERIOUS = "not-serious"


class Outcome(StrEnum):
    """What became of one item of an upload, as its sender is told."""

    STORED = "stored"
    SAME = "same"
    REFUSED = "refused"


class Stage(StrEnum):
    """How far an upload is: a small one is over as soon as it is there."""

    WAITING = "waiting"
    RUNNING = "running"
    STOPPING = "stopping"
    STOPPED = "stopped"
    GAVE_UP = "gave-up"
    OVER = "over"
