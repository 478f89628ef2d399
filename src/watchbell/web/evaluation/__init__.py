"""Pages of an evaluation: what is to be measured, what came of it, and the report both parties read."""
