"""Figures of the last minute."""

from hypothesis import given
from hypothesis import strategies as st

from livegen.daemon.lateness import Recent, quantiles

SECOND = 1_000_000
entries = st.lists(st.tuples(st.integers(0, 30 * SECOND), st.integers(-1000, 10**6)), max_size=80)


@given(entries, st.integers(1, 40))
def test_it_says_what_ranking_the_last_minute_would(
    steps: list[tuple[int, int]], most: int
) -> None:
    recent, now, entered = Recent(most=most), 0, list[tuple[int, int]]()
    for step, value in steps:
        now += step
        recent.add(now, value)
        entered.append((now, value))
    now += 10 * SECOND
    kept = [value for at, value in entered[-most:] if at > now - 60 * SECOND]

    assert recent.summary(now) == {"count": len(kept)} | quantiles(kept)


def test_after_a_minute_of_nothing_there_is_nothing() -> None:
    recent = Recent()
    recent.add(0, 5)

    assert recent.summary(60 * SECOND - 1) == {"count": 1, "p50_us": 5, "p99_us": 5, "max_us": 5}
    assert recent.summary(60 * SECOND) == {"count": 0}
