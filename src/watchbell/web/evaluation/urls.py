"""Which pages does an evaluation have? One line each; the views name who may come in."""

from django.urls import path

from watchbell.web.evaluation import containment, editor, overview, protocol, report, seeds, transcripts

ONE = "early-access/engagements/<str:public_id>/evaluation/"
PROTOCOL = f"{ONE}protocols/<str:protocol>/"
REPORT = f"{ONE}reports/<str:report>/"

urlpatterns = [
    path(ONE, overview.evaluation, name="evaluation"),
    path(f"{ONE}protocols/new/", editor.draft, name="draft_protocol"),
    path(PROTOCOL, protocol.protocol, name="protocol"),
    path(f"{PROTOCOL}edit/", editor.edit, name="edit_protocol"),
    path(f"{PROTOCOL}amend/", editor.amend, name="amend_protocol"),
    path(f"{PROTOCOL}lock/", editor.lock, name="lock_protocol"),
    path(f"{PROTOCOL}kit/", protocol.kit, name="run_kit"),
    path(f"{PROTOCOL}logs/", protocol.take_in, name="take_in_log"),
    path(f"{PROTOCOL}containment/", containment.sign, name="sign_containment"),
    path(f"{PROTOCOL}containment/file/", containment.statement_file, name="containment_file"),
    path(f"{PROTOCOL}report/", report.issue, name="issue_evaluation_report"),
    path(f"{PROTOCOL}transcripts/", transcripts.transcripts, name="transcripts"),
    path(f"{PROTOCOL}transcripts/<str:sample>/", transcripts.transcript, name="transcript"),
    path(f"{PROTOCOL}transcripts/<str:sample>/note/", transcripts.note, name="note_on_transcript"),
    path(f"{ONE}seeds/<str:benchmark>/", seeds.commit, name="commit_seed"),
    path(REPORT, report.report, name="evaluation_report"),
    path(f"{REPORT}profile.svg", report.picture, name="evaluation_picture"),
    path(f"{REPORT}file/", report.signed_file, name="evaluation_report_file"),
    path(f"{REPORT}samples/", report.samples, name="evaluation_samples"),
    path(f"{REPORT}comment/", report.comment, name="comment_on_report"),
    path(f"{REPORT}consent/<str:reader>/", report.consent, name="consent_to_report"),
]
