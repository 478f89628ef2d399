"""Which pages does an evaluation have? One line each; the views name who may come in."""

from django.urls import path

from watchbell.web.evaluation import (
    containment,
    editor,
    flaws,
    handing_on,
    incidents,
    overview,
    protocol,
    report,
    run,
    seeds,
    shared,
    tasks,
)

ONE = "early-access/engagements/<str:public_id>/evaluation/"
PROTOCOL = f"{ONE}protocols/<str:protocol>/"
FLAW = f"{ONE}flaws/<str:flaw>/"
INCIDENT = f"{ONE}incidents/<str:incident>/"
REPORT = f"{ONE}reports/<str:report>/"

urlpatterns = [
    path("early-access/evaluation-tasks/", tasks.tasks, name="foreign_tasks"),
    path(ONE, overview.evaluation, name="evaluation"),
    path(f"{ONE}protocols/new/", editor.draft, name="draft_protocol"),
    path(PROTOCOL, protocol.protocol, name="protocol"),
    path(f"{PROTOCOL}edit/", editor.edit, name="edit_protocol"),
    path(f"{PROTOCOL}amend/", editor.amend, name="amend_protocol"),
    path(f"{PROTOCOL}lock/", editor.lock, name="lock_protocol"),
    path(f"{PROTOCOL}kit/", protocol.kit, name="run_kit"),
    path(f"{PROTOCOL}logs/", protocol.take_in, name="take_in_log"),
    path(f"{PROTOCOL}runs/", run.board, name="run_board"),
    path(f"{PROTOCOL}runs/live/", run.live, name="run_board_live"),
    path(f"{PROTOCOL}runs/start/", run.start, name="start_run"),
    path(f"{PROTOCOL}runs/<str:run>/<str:deed>/", run.steer, name="steer_run"),
    path(f"{PROTOCOL}containment/", containment.sign, name="sign_containment"),
    path(f"{PROTOCOL}containment/file/", containment.statement_file, name="containment_file"),
    path(f"{PROTOCOL}report/", report.issue, name="issue_evaluation_report"),
    path(f"{ONE}flaws/", flaws.flaws, name="flaws"),
    path(f"{ONE}flaws/new/", flaws.report, name="report_flaw"),
    path(FLAW, flaws.flaw, name="flaw"),
    path(f"{FLAW}file/", flaws.flaw_file, name="flaw_file"),
    path(f"{FLAW}send/", flaws.send_on, name="send_flaw_on"),
    path(f"{ONE}incidents/", incidents.incidents, name="incidents"),
    path(f"{ONE}incidents/new/", incidents.report, name="report_incident"),
    path(INCIDENT, incidents.incident, name="incident"),
    path(f"{INCIDENT}settle/", incidents.settle, name="settle_incident"),
    path(f"{INCIDENT}file/", incidents.incident_file, name="incident_file"),
    path(f"{ONE}seeds/<str:commitment>/reveal/", seeds.reveal, name="reveal_seed"),
    path(f"{ONE}seeds/<str:benchmark>/", seeds.commit, name="commit_seed"),
    path(REPORT, report.report, name="evaluation_report"),
    path(f"{REPORT}profile.svg", report.picture, name="evaluation_picture"),
    path(f"{REPORT}file/", report.signed_file, name="evaluation_report_file"),
    path(f"{REPORT}report.pdf", report.paper, name="evaluation_report_paper"),
    path(f"{REPORT}samples/", report.samples, name="evaluation_samples"),
    path(f"{REPORT}comment/", report.comment, name="comment_on_report"),
    path(f"{REPORT}for/<str:reader>/", handing_on.preview, name="preview_for_others"),
    path(f"{REPORT}consent/<str:reader>/", handing_on.consent, name="consent_to_report"),
    path(f"{REPORT}withdraw/<str:reader>/", handing_on.withdraw, name="withdraw_report_consent"),
    path("reports/", shared.reports, name="shared_reports"),
    path("reports/<str:copy>/", shared.report, name="shared_report"),
    path("reports/<str:copy>/report.json", shared.signed_file, name="shared_report_file"),
    path("reports/<str:copy>/report.pdf", shared.paper, name="shared_report_paper"),
]
