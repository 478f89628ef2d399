"""Watchbell: find, judge, coordinate and fix vulnerabilities in the age of machine-found bugs."""

__version__ = "0.1.0"
