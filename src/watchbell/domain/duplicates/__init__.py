"""Are two reports one flaw? Keys that say so, groups of reports that meet under them, and suggestions for a person."""
