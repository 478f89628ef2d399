"""What can a program ask of this node? One page made from the description itself, without scripts."""

from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_safe

from watchbell.api.app import api
from watchbell.doors.policy import PUBLIC, open_to

METHODS = ("get", "post", "put", "patch", "delete")


@open_to(PUBLIC)
@require_safe
def docs(request: HttpRequest) -> HttpResponse:
    """Show every operation: its address, what it does, and what it may answer."""
    schema: dict[str, Any] = api.get_openapi_schema()
    operations = [
        {
            "method": method.upper(),
            "path": path,
            "words": operation.get("description") or operation.get("summary", ""),
            "answers": ", ".join(str(status) for status in operation.get("responses", {})),
            "needs_token": bool(operation.get("security")),
        }
        for path, methods in schema["paths"].items()
        for method, operation in methods.items()
        if method in METHODS
    ]
    return render(request, "public/interface.html", {"operations": operations, "info": schema["info"]})
