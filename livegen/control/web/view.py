"""The view that the pages of one engine share: state, notes, lines and figures, each a text made once for all."""

from collections.abc import Mapping
from typing import Any

from livegen.control.surfaces import Request
from livegen.control.web.clients import Clients
from livegen.control.web.stage import Stage
from livegen.daemon import clock
from livegen.daemon.processes.frames import FiguresFrame, Frame, HeardFrame, NewsFrame, SentFrame


class View:
    """A stage and the pages that look at it.  Threads: the event loop's only."""

    def __init__(self, stage: Stage, clients: Clients) -> None:
        self._stage, self.clients = stage, clients

    def show(self, state: Mapping[str, Any]) -> None:
        """Tell those who look on the state of the moment."""
        if self._stage.show(state):
            self._say_hello()
        self._tell_state()

    def hear(self, frame: Frame) -> None:
        """Take a note, a line or figures."""
        match frame:
            case HeardFrame() | SentFrame():
                note = self._stage.note(frame)
                self.clients.tell(lambda box: box.note(note))
            case NewsFrame():
                line = self._stage.line(frame)
                self.clients.tell(lambda box: box.line(line))
            case FiguresFrame():
                self._figures(frame.values)
            case _:
                pass

    def record(self, is_recorded: bool) -> None:
        """Tell that what is played is recorded from now on, or no more."""
        if self._stage.record(is_recorded):
            self._say_hello()

    def asked(self, request: Request) -> None:
        """Take note of what was asked for, on a page or elsewhere."""
        if self._stage.asked(request):
            self._say_hello()

    def _figures(self, figures: Mapping[str, Any]) -> None:
        has_changed, is_hello_new = self._stage.health(figures)
        if is_hello_new:
            self._say_hello()
        if has_changed:
            self._tell_state()
        if len(self.clients):
            text = self._stage.figures(figures, clock.now())
            self.clients.tell(lambda box: box.figures(text))

    def _say_hello(self) -> None:
        if len(self.clients):
            text = self._stage.hello(clock.now())
            self.clients.tell(lambda box: box.hello(text))

    def _tell_state(self) -> None:
        self.clients.tell(lambda box: box.state(self._stage.texts))
