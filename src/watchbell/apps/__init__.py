"""What we remember: one room a subject, each with models, services and queries."""
