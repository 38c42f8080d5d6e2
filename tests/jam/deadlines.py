"""An engine whose deadline is looked at each time that it is fed."""

from livegen.jam.engine import Engine, Event
from livegen.jam.timing.agenda import Timed


class Looked:
    """Feeds an engine, and compares the deadline that it remembers with what its tables say when something happens."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine

    def feed(self, event: Event, now: int) -> list[Timed]:
        if not self._engine._is_new:
            self._look(now)
        out = self._engine.feed(event, now)
        self._engine.deadline()  # from here on it is remembered
        return out

    def _look(self, now: int) -> None:
        engine, remembered = self._engine, self._engine.deadline()
        anew = [at for when in engine._whens if (at := when()) is not None]
        assert remembered == min(anew, default=None)
        before, engine._now = engine._now, max(now, engine._now)
        due = any(
            (at := alarm.when()) is not None and at <= engine._now for alarm in engine._alarms
        )
        assert not due or (remembered is not None and remembered <= engine._now)
        engine._now = before
