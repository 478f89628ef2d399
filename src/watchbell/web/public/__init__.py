"""Pages for anyone: report a flaw, ask what became of it, read what is published."""
