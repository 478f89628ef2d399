"""Voluntary early access: offers, terms, windows, access and its log, withdrawal; the developer's at every moment."""
