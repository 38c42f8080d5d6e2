"""Tickets for one download each."""

from itertools import count

from livegen.control.web.tickets import LIFE_US, MOST, Tickets


def tickets() -> Tickets:
    numbers = count()
    return Tickets(lambda: f"ticket {next(numbers)}")


def test_a_ticket_is_good_once_and_for_its_file_only() -> None:
    out = tickets()
    ticket = out.issue("a.mid", 0)

    assert not out.take(ticket, "b.mid", 1)
    assert out.is_good(ticket, "a.mid", 1)
    assert out.take(ticket, "a.mid", 1)
    assert not out.take(ticket, "a.mid", 1)
    assert not out.take("guess", "a.mid", 1)


def test_a_ticket_lapses() -> None:
    out = tickets()
    ticket = out.issue("a.mid", 0)

    assert out.is_good(ticket, "a.mid", LIFE_US - 1)
    assert not out.take(ticket, "a.mid", LIFE_US)


def test_no_more_are_out_than_there_may_be() -> None:
    out = tickets()
    issued = [out.issue("a.mid", now) for now in range(10 * MOST)]

    assert [ticket for ticket in issued if out.is_good(ticket, "a.mid", 10 * MOST)] == issued[
        -MOST:
    ]
