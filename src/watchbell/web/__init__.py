"""The web entrance: pages for people, in plain words, that work without a script."""
