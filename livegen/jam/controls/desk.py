"""The values in force: settings, presets, and bindings of knobs, pads and pedals.

What makes no sense is refused whole: ConfigError says why, in one line for people.  Knows values and names; acts on
nothing that plays.
"""

from collections.abc import Callable, Mapping

from livegen.errors import ConfigError
from livegen.jam.controls.controls import CONTROLS, Settings, with_control
from livegen.jam.controls.macros import Macro, parse_macros
from livegen.jam.controls.mapping import ControlMap, turned_by

Preset = Mapping[str, object]


class Desk:
    """The values in force.  `settings` holds them; `map` what is bound to what.

    `macros` are those that can be started, by name; `waiting` the names of presets that wait for a bar line, first
    asked for first.  Threads: loop only.
    """

    def __init__(
        self,
        settings: Settings,
        bindings: Mapping[str, str] | None = None,
        presets: Mapping[str, Preset] | None = None,
        say: Callable[[str], object] = lambda line: None,
    ) -> None:
        self.settings = settings
        self.map = ControlMap(bindings, say)
        self.waiting: list[str] = []
        self.preset_in_force = ""  # the last that took over
        self.macros: dict[str, Macro] = {}
        self._presets: dict[str, Preset] = dict(presets or {})

    def set(self, name: str, value: object) -> bool:
        """Give a control another value; whether that changed anything.  Raises ConfigError."""
        before = self.settings
        self.settings = with_control(before, name, value)
        return self.settings != before

    def after(self, name: str) -> object:
        """The choice of a control that follows the one in force, for a pad; None where there are no choices."""
        choices = CONTROLS[name].choices if name in CONTROLS else ()
        if not choices:
            return None
        value = getattr(self.settings, name)
        return choices[(choices.index(value) + 1) % len(choices) if value in choices else 0]

    def turned(self, name: str, steps: int) -> object:
        """The value of a control that an encoder turns by so many steps; None where it cannot be turned."""
        control = CONTROLS.get(name)
        if control is None or not control.has_knob:
            return None
        return turned_by(control, getattr(self.settings, name), steps)

    def learn(self, target: object, now: int) -> None:
        """Bind a control, a command or a preset to what is moved from now on; nothing gives up learning.

        Raises ConfigError.
        """
        self.map.learn(str(target or ""), now)

    def unlearn(self, target: object) -> bool:
        """Undo what is bound to a control or a command; whether there was something."""
        before = self.map.bindings
        self.map.forget(str(target))
        return self.map.bindings != before

    def bind(self, bindings: object) -> None:
        """Other bindings, all of them at once, source to target.  Raises ConfigError, and then none is bound."""
        given = bindings if isinstance(bindings, dict) else {}
        self.map.rebind({str(source): str(target) for source, target in given.items()})

    def name_presets(self, presets: object) -> None:
        """Other presets, by name; what is not one is left out."""
        given = presets if isinstance(presets, dict) else {}
        self._presets = {str(name): it for name, it in given.items() if isinstance(it, Mapping)}

    def name_macros(self, macros: object) -> None:
        """Other macros, by name.  Raises ConfigError, and then none is another."""
        self.macros = parse_macros(macros)

    def add_macros(self, macros: object) -> None:
        """More macros, by name: those of a preset.  Raises ConfigError."""
        self.macros = self.macros | parse_macros(macros)

    def preset(self, name: str) -> Preset:
        """Give the controls of a preset; none for one that is gone by now."""
        return self._presets.get(name, {})

    def ask(self, name: object) -> None:
        """Let a preset wait for the bar line: of one asked for twice the last time counts.  Raises ConfigError."""
        if str(name) not in self._presets:
            known = ", ".join(self._presets) or "none"
            raise ConfigError(f"preset: there is no preset {name!r:.80}; there are {known}")
        self.waiting = [other for other in self.waiting if other != str(name)]
        self.waiting.append(str(name))

    def waited(self) -> list[str]:
        """The presets whose time has come; none waits any longer."""
        names, self.waiting = self.waiting, []
        return names
