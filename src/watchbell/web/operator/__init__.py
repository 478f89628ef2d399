"""Pages for those who run things: what to do this week, what they run, and what became of it."""
