"""Bytes people gave us: always encrypted, each with an owner, a marking and an end."""
