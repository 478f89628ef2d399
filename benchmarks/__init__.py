"""Side-by-side measurements: each prints figures and ratios taken in one run, and asserts nothing."""
