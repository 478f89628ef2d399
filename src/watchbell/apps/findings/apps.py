"""The findings room."""

from django.apps import AppConfig


class Findings(AppConfig):
    """Submissions, findings and their evidence."""

    name = "watchbell.apps.findings"
    label = "findings"
