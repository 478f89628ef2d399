"""Settings are read once, and an unknown or senseless one is refused with the way out."""

import subprocess
import sys
from pathlib import Path

import pytest

from watchbell.outside.settings import BadSetting, Settings


def test_a_misspelt_setting_is_refused_with_the_nearest_known_name() -> None:
    with pytest.raises(BadSetting, match="WATCHBELL_BASE_URL"):
        Settings.from_env({"WATCHBELL_BASEURL": "https://bell.example"})


def test_plain_http_is_allowed_on_this_machine_only() -> None:
    with pytest.raises(BadSetting, match="https"):
        Settings.from_env({"WATCHBELL_BASE_URL": "http://bell.example"})

    assert Settings.from_env({"WATCHBELL_BASE_URL": "http://localhost:9000"}).host == "localhost"


def test_the_keys_lie_under_the_home_unless_they_are_put_elsewhere() -> None:
    node = Settings.from_env({"WATCHBELL_HOME": "/srv/bell"})
    apart = Settings.from_env({"WATCHBELL_HOME": "/srv/bell", "WATCHBELL_KEYS": "/keys"})

    assert node.keys == Path("/srv/bell/keys")
    assert apart.keys == Path("/keys")


@pytest.mark.parametrize("url", ["mysql://x/y", "sqlite:///x", "localhost"])
def test_only_postgresql_may_be_named_as_another_database(url: str) -> None:
    with pytest.raises(BadSetting, match="postgresql"):
        Settings.from_env({"WATCHBELL_DATABASE_URL": url})


def test_secrets_do_not_show_when_settings_are_printed() -> None:
    node = Settings.from_env({"WATCHBELL_TOKEN": "wb_secret", "WATCHBELL_EMAIL_URL": "smtp://u:pw@mail.example"})

    assert "wb_secret" not in repr(node)
    assert "pw@" not in repr(node)


def test_django_starts_without_what_only_the_interface_needs() -> None:
    starts = "import sys, django; django.setup(); print(*({'ninja', 'pydantic'} & set(sys.modules)))"

    started = subprocess.run([sys.executable, "-c", starts], capture_output=True, text=True, check=True)

    assert started.stdout.split() == []


def test_the_interface_shows_no_page_of_its_librarys_which_would_load_scripts_from_elsewhere() -> None:
    from watchbell.api.app import api

    assert api.docs_url is None
