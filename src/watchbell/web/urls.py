"""Which pages are there? One line each; the views name who may come in."""

from django.urls import include, path

from watchbell.web import (
    erasing,
    health,
    home,
    language,
    members,
    organisations,
    search,
    tokens,
    vulnerability,
)

urlpatterns = [
    path("", home.home, name="home"),
    path("healthz", health.healthz, name="healthz"),
    path("readyz", health.readyz, name="readyz"),
    path("search", search.search, name="search"),
    path("vulnerabilities/<str:name>", vulnerability.vulnerability, name="vulnerability"),
    path("language/", language.choose_language, name="choose_language"),
    path("", include("watchbell.web.joining")),
    path("organisation/", organisations.choose, name="choose_organisation"),
    path("organisation/members/", members.members, name="members"),
    path("organisation/members/invite/", members.invite, name="invite"),
    path("organisation/members/invitations/<str:public_id>/withdraw/", members.withdraw, name="withdraw_invitation"),
    path("organisation/share-counts/", members.share_counts, name="share_counts"),
    path("organisation/members/<str:person>/", members.member, name="member"),
    path("organisation/members/<str:person>/remove/", members.remove, name="remove_member"),
    path("organisation/tokens/", tokens.tokens, name="tokens"),
    path("organisation/tokens/new/", tokens.mint, name="mint_token"),
    path("organisation/tokens/<str:public_id>/revoke/", tokens.revoke, name="revoke_token"),
    path("node/organisations/", organisations.organisations, name="organisations"),
    path("node/organisations/new/", organisations.create, name="create_organisation"),
    path("node/organisations/<str:public_id>/", organisations.organisation, name="organisation"),
    path("node/people/", erasing.find, name="find_person"),
    path("node/people/<str:public_id>/erase/", erasing.erase, name="erase_person"),
    path("", include("watchbell.web.node.urls")),
    path("", include("watchbell.web.public.urls")),
    path("", include("watchbell.web.coordination.urls")),
    path("", include("watchbell.web.operator.urls")),
    path("", include("watchbell.web.early_access.urls")),
    path("", include("watchbell.web.evaluation.urls")),
]
