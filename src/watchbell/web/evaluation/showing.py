"""What does every page that shows a report show? Its tables, sentences and pictures, whoever reads it."""

from collections.abc import Mapping
from typing import Any

from watchbell.apps.evaluation.services import MOST_COMMENT
from watchbell.domain.inert import shown
from watchbell.outside import typesetting
from watchbell.web.evaluation import drawings, reading


def context_of(found: Mapping[str, Any]) -> dict[str, Any]:
    """Return a report, as one kind of reader has it, for its page."""
    return {
        **reading.context_of(found),
        "drawings": drawings.of(found),
        "readings": drawings.readings(found),
        "has_paper": typesetting.is_installed(),
        "comment": shown(found["comment"], most=MOST_COMMENT),
    }
