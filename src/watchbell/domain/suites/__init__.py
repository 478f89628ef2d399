"""The built-in suites: items from a seed, scoring as data; small synthetic tasks that screen and check a pipeline."""
