"""The description of the interface is there, is complete, and says what every operation may answer."""

import ast
from pathlib import Path

import pytest
from django.test import Client
from tests.doors import routes

from watchbell import api as api_package
from watchbell.formats import strictjson

pytestmark = pytest.mark.django_db


def test_the_description_names_every_operation_in_openapi_3_1() -> None:
    answer = Client().get("/api/v1/openapi.json")
    described = strictjson.loads(answer.content)

    listed = {
        f"{method.upper()} {path.removeprefix('/api/v1')}"
        for path, methods in described["paths"].items()
        for method in methods
    }

    assert described["openapi"].startswith("3.1")
    assert listed == {operation.name for operation in routes.operations()}


def test_every_operation_documents_its_errors_as_problems() -> None:
    described = strictjson.loads(Client().get("/api/v1/openapi.json").content)

    for methods in described["paths"].values():
        for operation in methods.values():
            assert {"400", "401", "403", "404"} <= set(operation["responses"])


def test_no_two_shapes_of_the_description_have_one_name() -> None:
    shapes: dict[str, set[str]] = {}
    for path in Path(api_package.__file__).parent.glob("*.py"):
        tree = ast.parse(path.read_text(encoding="utf-8"))
        for one in (node for node in ast.walk(tree) if isinstance(node, ast.ClassDef) and node.bases):
            shapes.setdefault(one.name, set()).add(path.stem)

    assert {name: where for name, where in shapes.items() if len(where) > 1} == {}


def test_the_page_for_programs_lists_them_without_any_script_of_others() -> None:
    page = Client(headers={"accept": "text/html"}).get("/api/v1/docs")

    text = page.content.decode()
    assert page.status_code == 200
    assert all(operation.path in text for operation in routes.operations())
    assert "https://" not in text.replace("https://bell", "")


def test_an_unknown_address_under_the_interface_answers_in_its_one_error_shape() -> None:
    answer = Client().get("/api/v1/nothing-here")

    assert answer.status_code == 404
    assert answer.headers["Content-Type"] == "application/problem+json"
    assert strictjson.loads(answer.content)["code"]
