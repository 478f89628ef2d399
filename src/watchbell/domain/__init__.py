"""Rules as pure functions: values in, values out; no clock, no dice, no network, no Django."""
