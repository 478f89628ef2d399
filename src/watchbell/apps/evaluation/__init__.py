"""Evaluation: benchmarks, protocols locked beforehand, runs and samples; the developer reads all of it at once."""
