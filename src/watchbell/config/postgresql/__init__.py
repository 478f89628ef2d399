"""The database engine that settings name: Django's own for PostgreSQL, which never lends a dead connection."""
