"""People, organisations, memberships, communities, invitations and tokens: names live only here."""
