"""Which pages does an operator have? One line each, and three entries in the rail."""

from django.urls import path
from django.utils.translation import gettext_lazy as _

from watchbell.doors.policy import OPERATOR
from watchbell.web import rail
from watchbell.web.operator import (
    assets,
    deeds,
    figures,
    loading,
    may_be,
    picking,
    same,
    starting,
    story,
    strictness,
    tables,
    tiles,
    unassessed,
    vex,
    worklist,
)

urlpatterns = [
    path("worklist", worklist.this_week, name="worklist"),
    path("worklist/all", worklist.everything, name="worklist_all"),
    path("worklist/strict", strictness.strict, name="worklist_strict"),
    path("worklist/<str:row>", story.row, name="worklist_row"),
    path("worklist/<str:row>/letter", story.letter, name="worklist_letter"),
    path("worklist/<str:row>/not-us", deeds.not_us, name="worklist_not_us"),
    path("worklist/<str:row>/forensics", deeds.forensics, name="worklist_forensics"),
    path("worklist/<str:row>/do/<str:slug>", deeds.do, name="worklist_do"),
    path("worklist/<str:row>/proof/<str:action>", deeds.proof, name="worklist_proof"),
    path("board-report", figures.board_report, name="board_report"),
    path("funnel", figures.funnel, name="funnel"),
    path("start", starting.start, name="start"),
    path("start/questions", starting.questions, name="questions"),
    path("inventory", assets.assets, name="assets"),
    path("inventory/new", assets.add, name="add_asset"),
    path("inventory/load", loading.load, name="load_inventory"),
    path("inventory/unassessed", unassessed.unassessed, name="unassessed"),
    path("inventory/vex", vex.documents, name="vex_documents"),
    path("inventory/vex/new", vex.load, name="load_vex"),
    path("inventory/vex/<str:document>", vex.document, name="vex_document"),
    path("inventory/vex/<str:document>/withdraw", vex.withdraw, name="withdraw_vex"),
    path("inventory/may-be", may_be.may_be, name="may_be"),
    path("inventory/tables/<str:document>", tables.table, name="table"),
    path("inventory/same", same.same, name="same_things"),
    path("inventory/same/answers", same.answer, name="answer_same"),
    path("inventory/<str:asset>", assets.asset, name="asset"),
    path("inventory/<str:asset>/progress", assets.progress, name="asset_progress"),
    path("inventory/<str:asset>/stop", loading.stop, name="stop_load"),
    path("inventory/<str:asset>/document", loading.document, name="load_document"),
    path("inventory/<str:asset>/exposed", assets.answer, name="answer_exposed"),
    path("inventory/<str:asset>/owner", assets.owner, name="say_who_patches"),
    path("inventory/<str:asset>/pick", picking.pick, name="pick_product"),
    path("inventory/<str:asset>/unpick", picking.unpick, name="unpick_product"),
    path("inventory/<str:asset>/describe", same.describe, name="describe_machine"),
    path("inventory/<str:asset>/take-off", same.take_off, name="take_off_machine"),
    path("inventory/<str:asset>/remove", assets.remove, name="remove_asset"),
]

rail.add(rail.Entry("worklist", _("This week"), OPERATOR), before="notices")
rail.add(rail.Entry("assets", _("Inventory"), OPERATOR), before="notices")
rail.add(rail.Entry("board_report", _("Board report"), OPERATOR), before="notices")

__all__ = ["tiles", "urlpatterns"]
