"""Which pages does the node have about itself?"""

from django.urls import path

import watchbell.web.node.tiles  # noqa: F401 (puts the tiles on the home page)
from watchbell.web.node import kept, metrics, record, setup, sources, work

urlpatterns = [
    path("node/work/", work.work, name="node_work"),
    path("node/progress/", work.progress, name="node_progress"),
    path("node/work/<str:public_id>/retry/", work.retry, name="retry_work"),
    path("node/work/<str:public_id>/cancel/", work.cancel, name="cancel_work"),
    path("node/sources/", sources.sources, name="node_sources"),
    path("node/sources/<str:name>/", sources.source, name="node_source"),
    path("node/sources/<str:name>/on/", sources.switch_on, name="switch_source_on"),
    path("node/sources/<str:name>/off/", sources.switch_off, name="switch_source_off"),
    path("node/sources/<str:name>/read/", sources.read_now, name="read_source_now"),
    path("node/settings/", setup.setup, name="node_settings"),
    path("node/kept/", kept.kept, name="node_kept"),
    path("record/", record.record, name="record"),
    path("record/export/", record.export, name="export_record"),
    path("record/heads", record.heads, name="record_heads"),
    path("metrics", metrics.metrics, name="metrics"),
]
