"""The web entrance, as Django knows it."""

from django.apps import AppConfig


class Web(AppConfig):
    """Pages, templates, catalogues."""

    name = "watchbell.web"
    label = "web"

    def ready(self) -> None:
        """This will compile catalogues that are newer than what was compiled, and follow who gains or loses factors."""
        from watchbell.doors import strength
        from watchbell.web.catalogues import compile_stale

        strength.listen()
        compile_stale()
