"""Why could the command not do what it was asked? One sentence what, one what to do; the exit code is 2."""


class CannotUse(Exception):
    """Something that was handed in cannot be used; the text says what and what to do about it."""
