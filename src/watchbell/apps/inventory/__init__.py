"""What each operator runs, what of it advisories name, and what could not be told; seen by that operator alone."""
