"""This will answer with a report as PDF, or say why there is none and where the same stands."""

from collections.abc import Mapping
from typing import Any

from django.http import HttpResponse
from django.shortcuts import render

from watchbell.doors.headers import as_download
from watchbell.outside import typesetting
from watchbell.web.asking import Asking
from watchbell.web.evaluation import printing
from watchbell.web.speaking import spoken


def answer(
    request: Asking, report: Mapping[str, Any], *, developer: str, whom: str, key: bytes, name: str, page: str
) -> HttpResponse:
    """Return the PDF of a report under a file name; without one, the reason and the address of the page instead."""
    paper = printing.paper_of(report, developer=developer, whom=whom, key=key.hex())
    try:
        content = typesetting.typeset(paper)
    except typesetting.NotTypeset as error:
        return render(request, "evaluation/no_paper.html", {"why": spoken(error), "instead": page}, status=503)
    return as_download(HttpResponse(content, content_type="application/pdf"), f"{name}.pdf")
