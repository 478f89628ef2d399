"""The append-only, sealed record of every deed; also outbox for handlers and keeper of idempotent replies."""
