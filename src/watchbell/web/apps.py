"""The web entrance, as Django knows it."""

from django.apps import AppConfig


class Web(AppConfig):
    """Pages, templates, catalogues."""

    name = "watchbell.web"
    label = "web"

    def ready(self) -> None:
        """This will compile catalogues that are newer than what was compiled, so that a checkout speaks Spanish."""
        from watchbell.web.catalogues import compile_stale

        compile_stale()
