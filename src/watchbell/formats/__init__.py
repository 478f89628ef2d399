"""Other people's words to ours and back: one codec a format, each with `loads` and `dumps`."""
