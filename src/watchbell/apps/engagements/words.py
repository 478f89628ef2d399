"""Which codes does this room write into its tables and its log?"""

from enum import StrEnum


class Material(StrEnum):
    """Which of an engagement's two keys something is sealed under."""

    ACCESS = "access"
    EVIDENCE = "evidence"


OF_ENGAGEMENTS = {key.value: key for key in Material}
"""How the names of engagements' keys begin; no other key's name begins so, and no backup holds them."""


class Signed(StrEnum):
    """Which statement a signature stands under."""

    OFFER = "offer"
    AGREEMENT = "agreement"
    START = "start"
    ADMISSION = "admission"


class What(StrEnum):
    """What a line of an engagement's access log says was done."""

    CALL = "call"
    SETTLED = "settled"
    TURNED_AWAY = "turned_away"
    UNSETTLED = "unsettled"
    OPENED = "opened"
    EXPORTED = "exported"
    TOKEN_MADE = "token_made"  # noqa: S105 a code, not a secret
    TOKEN_ENDED = "token_ended"  # noqa: S105
    STARTED = "started"
    PAUSED = "paused"
    RESUMED = "resumed"
    SHORTENED = "shortened"
    SEAT_ADMITTED = "seat_admitted"
    SEAT_ENDED = "seat_ended"
    ENDPOINT_SET = "endpoint_set"
    ENDED = "ended"
    KEY_DESTROYED = "key_destroyed"


class Outcome(StrEnum):
    """What a notice about a determination says; nothing else of it is kept."""

    COVERED = "covered"
    NOT_COVERED = "not_covered"
    DECLINED = "declined"
