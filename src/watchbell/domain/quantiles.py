"""Where does a normal, a Student's t or a beta distribution leave this much below it? Both ways, without scipy."""

import math
from functools import lru_cache


def normal_below(z: float) -> float:
    """Return the probability that a standard normal value lies below `z`."""
    return math.erfc(-z / math.sqrt(2)) / 2


def student_below(t: float, degrees: float) -> float:
    """Return the probability that a Student's t value lies below `t`; infinite degrees are the normal."""
    if math.isinf(degrees):
        return normal_below(t)
    tail = _incomplete_beta(degrees / (degrees + t * t), degrees / 2, 0.5) / 2
    return tail if t < 0 else 1 - tail


@lru_cache(maxsize=4096)
def student_quantile(probability: float, degrees: float = math.inf) -> float:
    """Return the value with this probability below it. Raises ValueError outside (0, 1) or without degrees."""
    if not 0 < probability < 1 or not degrees > 0:
        raise ValueError("A quantile needs a probability between 0 and 1 and a positive number of degrees.")
    if probability > 0.5:
        return -student_quantile(1 - probability, degrees)
    low, high = -1.0, 0.0
    while student_below(low, degrees) > probability:
        low, high = low * 2, low
    while high - low > 1e-12 * max(1.0, -low):
        middle = (low + high) / 2
        if not low < middle < high:
            break
        low, high = (low, middle) if student_below(middle, degrees) > probability else (middle, high)
    return (low + high) / 2


def beta_quantile(probability: float, a: float, b: float) -> float:
    """Return the share below which a beta distribution lies with this probability. Raises ValueError outside (0, 1)."""
    if not 0 < probability < 1 or not (a > 0 and b > 0):
        raise ValueError("A quantile needs a probability between 0 and 1 and positive shapes.")
    low, high = 0.0, 1.0
    for _ in range(60):
        middle = (low + high) / 2
        low, high = (middle, high) if _incomplete_beta(middle, a, b) < probability else (low, middle)
    return (low + high) / 2


def _incomplete_beta(x: float, a: float, b: float) -> float:
    """Return the regularised incomplete beta function, by the continued fraction that converges fast for this x."""
    if x <= 0 or x >= 1:
        return float(x >= 1)
    if x > (a + 1) / (a + b + 2):
        return 1 - _incomplete_beta(1 - x, b, a)
    front = math.lgamma(a + b) - math.lgamma(a) - math.lgamma(b) + a * math.log(x) + b * math.log1p(-x)
    return math.exp(front) * _fraction(x, a, b) / a


def _fraction(x: float, a: float, b: float) -> float:
    """Return the continued fraction of DLMF 8.17.22, evaluated by Lentz's method."""
    c, d = 1.0, _away(1 - (a + b) * x / (a + 1))
    whole = d
    for m in range(1, 500):
        even = m * (b - m) * x / ((a + 2 * m - 1) * (a + 2 * m))
        odd = -(a + m) * (a + b + m) * x / ((a + 2 * m) * (a + 2 * m + 1))
        for term in (even, odd):
            d, c = _away(1 + term * d), 1 + term / c
            c = c if abs(c) > 1e-300 else 1e-300
            whole *= d * c
        if abs(d * c - 1) < 1e-15:
            break
    return whole


def _away(value: float) -> float:
    return 1 / (value if abs(value) > 1e-300 else 1e-300)
