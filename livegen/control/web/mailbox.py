"""The messages that wait for one page: bounded, whatever that page does.

Of states the latest, and of that what the page has not been told yet; of notes the last 512, and the word that some
are missing; of music to be played by the page as much, and where some is missing none but an end of all that sounds; of
figures, lines and replies the latest.  Texts are JSON already, made once for all pages.  Sans-IO:
times are arguments, in micros.
"""

from collections import deque
from collections.abc import Iterator, Mapping

MOST_NOTES = 512
MOST_LINES = 16
MOST_REPLIES = 32
STATE_EVERY_US = 50_000

GAP = '{"t":"gap"}'
CUT_ALL = '{"cut":[]}'


class Mailbox:
    """Filled by whoever has news, emptied by `take`.  Threads: loop only."""

    def __init__(self) -> None:
        self._state: Mapping[str, str] = {}
        self._told: dict[str, str] = {}
        self._told_at = -STATE_EVERY_US
        self._is_state_new = self._has_gap = False
        self._notes: deque[str] = deque()
        self._music: list[str] = []
        self._beat: int | None = None
        self._lines: deque[str] = deque(maxlen=MOST_LINES)
        self._replies: deque[str] = deque(maxlen=MOST_REPLIES)
        self._hello = self._figures = ""

    def hello(self, text: str) -> None:
        """Queue the greeting: names, controls and commands."""
        self._hello = text

    def state(self, texts: Mapping[str, str]) -> None:
        """The state by now: text of each top-level value.  It is not to be written again."""
        self._state, self._is_state_new = texts, True

    def note(self, text: str) -> None:
        """A note as it came or went."""
        self._notes.append(text)
        if len(self._notes) > MOST_NOTES:
            self._notes.popleft()
            self._has_gap = True

    def music(self, text: str) -> None:
        """Music that the page is to play: a message with the time at which it is due, or a cut."""
        if len(self._music) < MOST_NOTES:
            self._music.append(text)
        else:
            self._music = [CUT_ALL]

    def beat(self, now: int) -> None:
        """Tell that the engine lives, at `now` micros: a page that hears nothing of it releases what sounds."""
        self._beat = now

    def figures(self, text: str) -> None:
        """The figures by now."""
        self._figures = text

    def line(self, text: str) -> None:
        """A line for people."""
        self._lines.append(text)

    def reply(self, text: str) -> None:
        """An answer to this page alone."""
        self._replies.append(text)

    @property
    def has_news(self) -> bool:
        """True if anything waits, although perhaps not for now."""
        waiting = self._hello or self._figures or self._notes or self._lines or self._replies
        return bool(waiting or self._music) or self._is_state_new or self._beat is not None

    @property
    def is_urgent(self) -> bool:
        """True if the page waits for it: for an answer to a ping or to its first message, or for music."""
        return bool(self._hello or self._replies or self._music)

    def take(self, now: int) -> list[str]:
        """The messages to send now, in order; a state that would come too soon after the last one waits on."""
        return list(self._taken(now))

    def _taken(self, now: int) -> Iterator[str]:
        if self._hello:
            yield self._hello
        yield from self._replies
        if self._is_state_new and now - self._told_at >= STATE_EVERY_US:
            yield from self._news(now)
        if self._has_gap:
            yield GAP
        if self._notes:
            yield f'{{"t":"notes","now":{now},"notes":[{",".join(self._notes)}]}}'
        if self._music:
            yield f'{{"t":"music","music":[{",".join(self._music)}]}}'
        if self._beat is not None:
            yield f'{{"t":"beat","now":{self._beat}}}'
        yield from self._lines
        if self._figures:
            yield self._figures
        self._hello = self._figures = ""
        self._has_gap, self._beat = False, None
        for sent in (self._replies, self._notes, self._music, self._lines):
            sent.clear()

    def _news(self, now: int) -> Iterator[str]:
        """Give the part of the state that the page does not know; a value that is gone is null."""
        self._is_state_new = False
        news = {key: text for key, text in self._state.items() if self._told.get(key) != text}
        news |= {key: "null" for key in self._told.keys() - self._state.keys()}
        if news:
            self._told, self._told_at = dict(self._state), now
            inside = ",".join(f'"{key}":{text}' for key, text in news.items())
            yield f'{{"t":"state","now":{now},"state":{{{inside}}}}}'
