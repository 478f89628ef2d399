"""Coordination: who takes part in a case, what they agreed to keep quiet until when, and what each has answered."""
