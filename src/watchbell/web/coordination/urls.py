"""Which pages do coordinators, vendors and labs have? One line each; the views name who may come in."""

from django.urls import path

from watchbell.web.coordination import (
    board,
    case_list,
    cases,
    deeds,
    drafts,
    finding_list,
    findings,
    notices,
    places,
    queue,
    submissions,
    taking,
)

__all__ = ["places", "urlpatterns"]

urlpatterns = [
    path("board", board.board, name="board"),
    path("queue/", queue.queue, name="queue"),
    path("findings/", finding_list.findings, name="findings"),
    path("findings/<str:public_id>", findings.finding, name="finding"),
    path("findings/<str:public_id>/<str:deed>", findings.decide, name="decide_finding"),
    path("cases/", case_list.cases, name="cases"),
    path("cases/open", case_list.open_case, name="open_case"),
    path("cases/<str:public_id>", cases.case, name="case"),
    path("cases/<str:public_id>/advisory", drafts.start, name="start_draft"),
    path("cases/<str:public_id>/draft", drafts.shared, name="shared_draft"),
    path("cases/<str:public_id>/<str:deed>", deeds.do, name="case_deed"),
    path("drafts/", drafts.drafts, name="drafts"),
    path("drafts/<str:public_id>", drafts.draft, name="draft"),
    path("drafts/<str:public_id>/edit", drafts.edit, name="edit_draft"),
    path("drafts/<str:public_id>/share", drafts.share, name="share_draft"),
    path("drafts/<str:public_id>/publish", drafts.publish, name="publish_draft"),
    path("drafts/<str:public_id>/withdraw", drafts.withdraw, name="withdraw_draft"),
    path("submissions/", submissions.submissions, name="submissions"),
    path("submissions/new", submissions.upload, name="upload"),
    path("submissions/<str:public_id>", submissions.submission, name="submission"),
    path("submissions/<str:public_id>/table", submissions.table, name="submission_table"),
    path("submissions/<str:public_id>/progress", taking.progress, name="submission_progress"),
    path("submissions/<str:public_id>/stop", taking.stop, name="stop_submission"),
    path("submissions/<str:public_id>/resume", taking.resume, name="resume_submission"),
    path("notices", notices.notices, name="notices"),
    path("notices/<str:public_id>", notices.notice, name="notice"),
    path("notices/<str:public_id>/read", notices.mark_read, name="mark_notice_read"),
]
