"""What do the samples of an evaluation say, and how surely? Intervals, abilities, and a comparison with an anchor.

The only room of the ground floor, with similarity, that needs numpy, which an extra installs: nothing outside
`apps.evaluation`, the benchmarks and the tests imports it. Values in, values out: chance enters as a whole number, the
seed, and the same samples with the same seed give the same report.
"""
