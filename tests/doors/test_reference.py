"""One line a request in the log, and in it nothing that opens a door."""

import logging

import pytest
from django.test import Client
from django.urls import reverse

from watchbell.formats import strictjson

KEY = "cz7k2t-0123456789abcdef0123456789abcdef"


@pytest.mark.django_db
@pytest.mark.parametrize("key", [KEY, "set-password", "x" * 500])
def test_the_key_of_a_password_reset_never_stands_in_the_log(key: str, caplog: pytest.LogCaptureFixture) -> None:
    path = reverse("account_reset_password_from_key", kwargs={"uidb36": "1z", "key": key})

    with caplog.at_level(logging.INFO, logger="watchbell.request"):
        Client().get(path)

    [line] = [strictjson.loads(one.getMessage()) for one in caplog.records if one.name == "watchbell.request"]
    assert key not in caplog.text
    assert line["path"] == path.replace(key, "...")
