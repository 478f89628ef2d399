"""Leased work that survives a crash: retries, dead letters, progress, periodic slots."""
