"""Which pages does early access have? One line each; the views name who may come in."""

from django.urls import path

from watchbell.web.early_access import (
    deeds,
    desk,
    determinations,
    engagement,
    evaluator,
    live,
    model,
    offering,
    places,
    reading,
    signing,
    signing_keys,
)

__all__ = ["places", "urlpatterns"]

ONE = "early-access/engagements/<str:public_id>/"
MODEL = "early-access/models/<str:public_id>/"

urlpatterns = [
    path("early-access/", desk.desk, name="early_access"),
    path("early-access/limits/", desk.limits, name="early_access_limits"),
    path("early-access/partnerships/<str:public_id>/consent/", desk.consent, name="consent_partnership"),
    path("early-access/partnerships/<str:public_id>/end/", desk.end_partnership, name="end_partnership"),
    path("early-access/keys/", signing_keys.signing_keys, name="signing_keys"),
    path("early-access/keys/new/", signing_keys.add, name="add_signing_key"),
    path("early-access/keys/<str:public_id>/retire/", signing_keys.retire, name="retire_signing_key"),
    path("early-access/models/new/", model.register, name="register_model"),
    path(MODEL, model.model, name="model"),
    path(f"{MODEL}offer/", offering.draft, name="draft_offer"),
    path(f"{MODEL}release/<str:to>/", model.release, name="release_model"),
    path(f"{MODEL}plan/<str:to>/", model.plan, name="plan_release"),
    path(f"{MODEL}partners/", model.choose_partner, name="choose_partner"),
    path(f"{MODEL}determination/", determinations.determination, name="determination"),
    path(f"{MODEL}determination/request/", determinations.note_request, name="request_determination"),
    path(f"{MODEL}determination/<str:asked>/retract/", determinations.retract_request, name="retract_determination"),
    path(f"{MODEL}determination/<str:asked>/outcome/", determinations.note_outcome, name="note_determination"),
    path(ONE, engagement.engagement, name="engagement"),
    path(f"{ONE}terms/", offering.edit, name="edit_terms"),
    path(f"{ONE}terms/read/", reading.read_terms, name="read_terms"),
    path(f"{ONE}sign/<str:kind>/", signing.sign, name="sign_statement"),
    path(f"{ONE}sign/<str:kind>/file/", signing.statement_file, name="statement_file"),
    path(f"{ONE}live/", live.live, name="engagement_live"),
    path(f"{ONE}log/", live.export, name="export_access_log"),
    path(f"{ONE}receipts/<str:receipt_id>/", live.receipt, name="destruction_receipt"),
    path(f"{ONE}receipts/<str:receipt_id>/file/", live.receipt_file, name="destruction_receipt_file"),
    path(f"{ONE}shorten/", deeds.shorten, name="shorten_window"),
    path(f"{ONE}endpoint/", deeds.set_endpoint, name="set_endpoint"),
    path(f"{ONE}seats/<str:seat>/end/", deeds.end_seat, name="end_seat"),
    path(f"{ONE}tokens/<str:token>/end/", deeds.end_token, name="end_gateway_token"),
    path(f"{ONE}token/", evaluator.take_token, name="take_token"),
    path(f"{ONE}people/", evaluator.name_person, name="name_person"),
    path(f"{ONE}do/<str:deed>/", deeds.do, name="developer_deed"),
    path(f"{ONE}answer/<str:deed>/", evaluator.do, name="evaluator_deed"),
]
