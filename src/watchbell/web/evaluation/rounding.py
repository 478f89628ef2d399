"""How is a measured number written? Rounded to its decimals: Django's own formatting cuts them off."""

from django.utils.formats import number_format


def rounded(value: float, digits: int) -> str:
    """Return a number with so many decimals in the reader's language, the last of them rounded."""
    return str(number_format(round(value, digits), digits))
