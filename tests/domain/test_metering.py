"""Is a budget never overspent, whatever is reserved and settled in whatever order?"""

from hypothesis import given
from hypothesis import strategies as st

from watchbell.domain.metering import Amount, Budget, Prices, Usage, bound, cost_of

counts = st.integers(0, 10**9)
usages = st.builds(Usage, counts, counts)
prices = st.builds(Prices, counts, counts)
limits = st.none() | st.integers(0, 10**6)


@given(usages, prices)
def test_a_cost_is_never_rounded_down(usage: Usage, price: Prices) -> None:
    parts = usage.input_tokens * price.input_per_million + usage.output_tokens * price.output_per_million

    assert 0 <= cost_of(usage, price) * 1_000_000 - parts < 1_000_000


@given(limits, limits, limits, st.lists(st.tuples(st.integers(0, 5000), st.integers(0, 5000), st.integers(0, 100))))
def test_what_is_reserved_and_charged_stays_within_each_bound(
    requests: int | None, tokens: int | None, cost: int | None, calls: list[tuple[int, int, int]]
) -> None:
    used, price = Amount(), Prices(3_000_000, 7_000_000)

    for most_input, most_output, percent in calls:
        most = bound(Usage(most_input, most_output), price)
        if not Budget(requests, tokens, cost, used).short_of(most):
            actual = bound(Usage(most_input * percent // 100, most_output * percent // 100), price)
            used = used + most - (most - actual)

    for limit, spent in ((requests, used.requests), (tokens, used.tokens), (cost, used.cost)):
        assert limit is None or spent <= limit


def test_a_budget_names_what_is_short_and_an_absent_bound_never_is() -> None:
    one = Amount(1, 100, 5)

    assert Budget(None, None, None).short_of(one) == ""
    assert Budget(0, None, None).short_of(one) == "requests"
    assert Budget(1, 99, None).short_of(one) == "tokens"
    assert Budget(1, 100, 4).short_of(one) == "cost"
    assert Budget(1, 100, 5).short_of(one) == ""
