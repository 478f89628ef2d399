"""A whole node of its own for the browser: scratch database, the cast, the server that people run.

Started by `tests.web.browser` as its own process, so that pages, cookies, locks and threads are
the real ones. A scene is a function that fills the node: it is named `module:function`, is called
with the cast and the moment, and may be given for pages that need more than people.
"""

import importlib
import json
import os
import sys
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

SEED = "JBSWY3DPEHPK3PXPJBSWY3DPEHPK3PXP"


def main() -> None:
    home, port, scene = Path(sys.argv[1]), int(sys.argv[2]), sys.argv[3]
    os.environ["WATCHBELL_HOME"] = str(home)
    os.environ["WATCHBELL_BASE_URL"] = f"http://localhost:{port}"
    os.environ.pop("WATCHBELL_DATABASE_URL", None)
    os.environ["DJANGO_SETTINGS_MODULE"] = "watchbell.config.settings"
    from watchbell.cli import boot, serve
    from watchbell.cli import node as made

    settings = boot.settings()
    made.prepare_folders(settings)
    boot.boot()
    made.build()
    populate(scene)
    serve.run_server(settings, "127.0.0.1", port)


def populate(scene: str) -> None:
    """Create the people, give each but Mallory a second factor, play the scene, and print who they are."""
    from tests.support.cast import make_cast

    now = datetime.now(UTC)  # noqa: TID251 (the browser lives in the present)
    cast = make_cast(now)
    for name, person in cast.people.items():
        if name != "mallory":
            protect(person)
    if scene:
        module, _, function = scene.partition(":")
        getattr(importlib.import_module(module), function)(cast, now)
    sys.stdout.write(json.dumps({name: person.email for name, person in cast.people.items()}) + "\n")
    sys.stdout.flush()


def protect(person: Any) -> None:
    """Give a person an authenticator app with the known seed, and recovery codes."""
    from allauth.mfa.recovery_codes.internal.auth import RecoveryCodes
    from allauth.mfa.totp.internal.auth import TOTP

    TOTP.activate(person, SEED)
    RecoveryCodes.activate(person)


if __name__ == "__main__":
    main()
