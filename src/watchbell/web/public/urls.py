"""Which pages are open to anyone? One line each."""

from django.urls import path

from watchbell.web.public import advisories, report, wellknown

urlpatterns = [
    path("report", report.report, name="report"),
    path("report/status", report.status, name="report_status"),
    path("advisories/", advisories.advisories, name="advisories"),
    path("advisories/feed.atom", advisories.feed, name="advisories_feed"),
    path("advisories/<str:tracking_id>", advisories.advisory, name="advisory"),
    path("advisories/<str:tracking_id>/csaf.json", advisories.csaf, name="advisory_csaf"),
    path("advisories/<str:tracking_id>/osv.json", advisories.osv, name="advisory_osv"),
    path("advisories/<str:tracking_id>/osv-<int:number>.json", advisories.osv, name="advisory_osv_numbered"),
    path(".well-known/security.txt", wellknown.security_txt, name="security_txt"),
]
