"""Controls and presets, put into force: every change of a setting acts on the rooms that it concerns.

Presets wait for a bar line while the model plays.  Knows no commands but those of a preset.
"""

from collections.abc import Mapping
from dataclasses import replace

from livegen.codec.layout import STYLE_UNKNOWN_NAME
from livegen.errors import ConfigError, ModelError
from livegen.jam.band import feel
from livegen.jam.controls import mixer
from livegen.jam.controls.controls import Settings, Value, chart_in
from livegen.jam.controls.desk import Desk
from livegen.jam.controls.style_mix import mix_of
from livegen.jam.interplay.listener import Listener, unknown_style
from livegen.jam.interplay.turn_taking import TurnTaking
from livegen.jam.reports.replies import Replies, Reply
from livegen.jam.timing.agenda import Agenda
from livegen.jam.timing.conductor import Conductor
from livegen.music.charts import nearest_style
from livegen.music.time.metre import COMMON_TIME, told_metre
from livegen.music.time.timeline import tempo_us

MACROS = "macros"  # what a preset may hold beside controls
# Ticks: what is played so soon stands when it is planned anew, from one eighth to the next.
PLANNED = 18

# Act without planning anew.
UNPLANNED = {
    "sync",
    "tempo",
    "offset",
    "swing",
    "click",
    "count_in_bars",
    "clock_out",
    "taste",
    "distance",
    "morph",
    "morph_by",
} | mixer.UNPLANNED


class Steering:
    """The settings of the desk, and what follows from each.  Threads: loop only."""

    def __init__(
        self,
        desk: Desk,
        listener: Listener,
        agenda: Agenda,
        conductor: Conductor,
        turns: TurnTaking,
        replies: Replies,
    ) -> None:
        self._desk, self._listener, self._agenda = desk, listener, agenda
        self._conductor, self._turns, self._replies = conductor, turns, replies
        self._preset_tick = 0  # the bar line for which presets wait
        self._variation: tuple[int, str] | None = None  # when it is planned with, and which

    def set(self, name: str, value: object, now: int) -> None:
        """Give a control another value; one that makes no sense is refused in a reply."""
        before = self._desk.settings
        if name == "variation":
            self._variation = None
        try:
            has_changed = self._desk.set(name, value)
            self._check_style(before)
        except ConfigError as error:
            self._desk.settings = before
            return self._replies.refuse(name, str(error))
        if not has_changed:
            return None
        self.apply(before, now)
        if name == "mode":
            self._turns.change_mode(now)
        elif name not in UNPLANNED:
            self._turns.plan_anew(now)
        return None

    def apply(self, before: Settings | None, now: int | None) -> None:
        """Let the settings act that are not read where they act.  `now` is None before the first event."""
        settings = self._desk.settings
        self._agenda.offset_us = round(settings.offset * 1000)
        self._conductor.follow(settings.sync)
        self._apply_chart(before)
        chart = self._listener.harmony.chart
        self._listener.metre = told_metre(settings.metre) or (chart.metre if chart else None)
        self._conductor.set_metre(self._listener.metre or COMMON_TIME)
        if now is None:
            pass  # nobody knows what time it is: bar 1 begins with the first that happens
        elif not isinstance(settings.tempo, str):
            self._conductor.set_internal(tempo_us(settings.tempo), now)
        elif (written_us := self._listener.written_us) and self._has_changed(before, "chart"):
            self._conductor.set_internal(written_us, now)
        elif settings.sync == "internal":
            timeline = replace(self._listener.live.timeline, tempo_us=self._listener.usual_us)
            has_heard = self._listener.calls > 0
            self._conductor.adopt(timeline if has_heard else replace(timeline, origin_us=now))
        if self._has_changed(before, "style", "style_mix", "chart"):
            self.set_style()
        if settings.feel:
            self._prepare_feel()

    def _prepare_feel(self) -> None:
        """Read what drums that fit need, before a bar does; where that is damaged, the knob goes back to 0."""
        try:
            feel.prepare()
        except ModelError as error:
            self._desk.settings = replace(self._desk.settings, feel=0.0)
            self._replies.refuse("feel", str(error))

    def _has_changed(self, before: Settings | None, *names: str) -> bool:
        settings = self._desk.settings
        return before is None or any(
            getattr(before, name) != getattr(settings, name) for name in names
        )

    def _apply_chart(self, before: Settings | None) -> None:
        """Go by the chart that is set, in the key that is set."""
        settings, harmony = self._desk.settings, self._listener.harmony
        harmony.is_followed = settings.chart_follow == "on"
        if not self._has_changed(before, "chart", "transpose"):
            return
        chart = chart_in(settings.chart)
        is_other = self._has_changed(before, "chart")
        harmony.use(chart.transposed(settings.transpose) if chart else None, is_other)

    def set_style(self) -> None:
        """Hear as the style that is set, or that the chart says; a model that does not know it plays as in any."""
        style, chart = self._desk.settings.style, self._listener.harmony.chart
        if style == STYLE_UNKNOWN_NAME and chart and chart.style:
            known = self._listener.live.guard.model.facts.styles
            style = nearest_style(chart.style, known) or STYLE_UNKNOWN_NAME
        self._listener.set_style(mix_of(style, self._desk.settings.style_mix))
        if line := unknown_style(style, self._listener.live.guard.model):
            self._replies.refuse("style", line)

    def _check_style(self, before: Settings) -> None:
        """Raise ConfigError for a style that the model does not know, where one was just chosen."""
        style = self._desk.settings.style
        if style == before.style:
            return
        if line := unknown_style(style, self._listener.live.guard.model):
            raise ConfigError(line)

    def next_line_us(self, now: int) -> int:
        """Give the time of the next bar line, micros."""
        timeline = self._listener.live.timeline
        return timeline.micros(timeline.bar_from(timeline.tick_from(now)))

    # --- movements ------------------------------------------------------------------------------------------------

    def put(self, values: Mapping[str, Value], now: int) -> None:
        """Give controls other values of a movement, which a band plays by from its next eighth on."""
        before = self._desk.settings
        if "mode" in values:
            self.set("mode", values["mode"], now)
        for name, value in values.items():
            self._desk.set(name, value)
        if self._desk.settings == before:
            return
        self.apply(before, now)
        if any(name not in UNPLANNED for name in values):
            self._turns.plan_anew(now)

    # --- variations -----------------------------------------------------------------------------------------------

    def vary_from(self, variation: str, line: int) -> None:
        """Let the band play a variation from a bar line on: what is nearer than that is planned already."""
        self._variation = self._listener.live.timeline.micros(line - PLANNED), variation

    def varies_at(self) -> int | None:
        """The time, micros, that the variation that waits is planned with; None if none waits."""
        return self._variation[0] if self._variation else None

    def take_over_variation(self, now: int) -> None:
        """Plan with the variation that waits."""
        if self._variation:
            self._desk.set("variation", self._variation[1])
            self._variation = None
            self._turns.plan_anew(now)

    # --- presets --------------------------------------------------------------------------------------------------

    def ask_for_preset(self, name: str, now: int) -> None:
        """Let a preset take over: on the bar line while the model plays, else at once.  Raises ConfigError."""
        self._desk.ask(name)
        if self._turns.is_playing:
            self.wait_for_bar(now)
            self._replies.give("preset", Reply.PRESET_WAITS, name=name)
        else:
            self.take_over_presets(now)

    def wait_for_bar(self, now: int) -> None:
        """The presets that wait take over on the bar line that comes next."""
        timeline = self._listener.live.timeline
        self._preset_tick = timeline.bar_from(timeline.tick_from(now))

    def presets_at(self) -> int | None:
        """The time, micros, at which the presets that wait take over; None if none waits."""
        if not self._desk.waiting:
            return None
        return self._listener.live.timeline.micros(self._preset_tick)

    def take_over_presets(self, now: int) -> None:
        """Put the presets that wait into force; a value that one of them gets wrong is refused last."""
        for name in self._desk.waited():
            self._desk.preset_in_force = name
            self._replies.give("preset", Reply.PRESET, name=name)
            preset = dict(self._desk.preset(name))
            self._desk.add_macros(preset.pop(MACROS, {}))
            for control, value in preset.items():
                self.set(str(control), value, now)
