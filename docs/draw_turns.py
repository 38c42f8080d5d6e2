"""Draw the states of turn-taking from their tables: `python -m docs.draw_turns` writes docs/turns.svg.

It also writes page/src/turns.svg, the same picture without colours, for the page has its own.
The tables (`livegen/jam/turns.py`) say which arrows there are and what stands beside them; the tables here say only
where they lie.  An arrow that has no place, and a place that has no arrow, is an error.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from html import escape
from itertools import pairwise
from pathlib import Path
from textwrap import wrap

from livegen.jam.turns import CALLING, MODES, PLAYING, Happening, Start, Table, Turn

ROOT = Path(__file__).resolve().parent.parent
WIDTH, HEIGHT = 740, 746
BOX_WIDTH, BOX_HEIGHT = 140, 90
LINE = 15  # from one line of text to the next
BEND = 8  # radius where an arrow turns

Point = tuple[float, float]


def _but(*left_out: Turn) -> tuple[Turn, ...]:
    return tuple(turn for turn in Turn if turn not in left_out)


# --- where things lie ---------------------------------------------------------------------------------------------

# The upper left corner of each state.
PLACES: dict[Turn, Point] = {
    Turn.ANEW: (8, 96),
    Turn.WAITING: (8, 236),
    Turn.ASKED: (284, 96),
    Turn.LISTENING: (284, 236),
    Turn.KEPT: (284, 376),
    Turn.TOGETHER: (580, 96),
    Turn.RESPONDING: (580, 236),
    Turn.LAST_LOOP: (580, 376),
    Turn.LOOPING: (580, 516),
}

# The upper left corner, the height and the title of each frame around states.
FRAMES: tuple[tuple[Point, float, str], ...] = (
    ((272, 72), 406, "a call is open"),
    ((568, 72), 546, "the model plays"),
)


@dataclass(frozen=True, slots=True)
class Words:
    """Where the words beside an arrow begin, how many characters a line has, and what end of a line lies at `at`."""

    at: Point
    width: int = 15
    anchor: str = "start"


@dataclass(frozen=True, slots=True)
class Route:
    """The way of an arrow from each of `sources` to `target`; without words, it joins an arrow that has them."""

    sources: tuple[Turn, ...]
    target: Turn
    path: tuple[Point, ...]
    words: Words | None = None


# Arrows of the usual table, those from many states first: an arrow is drawn only for what none before it shows.
ROUTES: tuple[Route, ...] = (
    Route(_but(), Turn.WAITING, ((46, 382), (46, 326)), Words((36, 398), 18)),
    Route(_but(Turn.WAITING), Turn.WAITING, ((46, 382), (46, 326)), Words((36, 464), 22)),
    Route(_but(Turn.LOOPING), Turn.LOOPING, ((480, 580), (580, 580)), Words((474, 584), 60, "end")),
    Route(CALLING, Turn.ASKED, ((352, 72), (352, 52), (304, 52), (304, 96)), Words((298, 60), 15, "end")),
    Route(CALLING, Turn.KEPT, ((352, 478), (352, 498), (304, 498), (304, 466)), Words((360, 502))),
    Route(PLAYING, Turn.WAITING, ((568, 540), (20, 540), (20, 326)), Words((300, 534))),
    Route(PLAYING, Turn.ANEW, ((650, 72), (650, 14), (60, 14), (60, 96)), Words((598, 30))),
    Route((Turn.WAITING,), Turn.ANEW, ((24, 236), (24, 186)), Words((32, 208), 16)),
    Route((Turn.ANEW,), Turn.WAITING, ((140, 186), (140, 236)), Words((148, 215))),
    Route((Turn.WAITING,), Turn.LISTENING, ((148, 256), (284, 256)), Words((154, 273))),
    Route((Turn.ANEW,), Turn.LISTENING, ((148, 134), (244, 134), (244, 256), (284, 256))),
    Route((Turn.RESPONDING,), Turn.LISTENING, ((580, 300), (424, 300)), Words((452, 318))),
    Route((Turn.LAST_LOOP,), Turn.LISTENING, ((580, 414), (552, 414), (552, 300), (424, 300))),
    Route((Turn.LISTENING,), Turn.RESPONDING, ((424, 256), (580, 256)), Words((468, 198), 13)),
    Route((Turn.ASKED,), Turn.RESPONDING, ((424, 134), (458, 134), (458, 256), (580, 256))),
    Route((Turn.ANEW,), Turn.RESPONDING, ((110, 96), (110, 34), (458, 34), (458, 256), (580, 256))),
    Route((Turn.LISTENING,), Turn.WAITING, ((284, 306), (148, 306)), Words((152, 324))),
    Route((Turn.KEPT,), Turn.WAITING, ((284, 414), (267, 414), (267, 306), (148, 306))),
    Route((Turn.TOGETHER,), Turn.RESPONDING, ((592, 186), (592, 236)), Words((600, 208), 18)),
    Route((Turn.LOOPING,), Turn.LAST_LOOP, ((650, 516), (650, 466)), Words((658, 496))),
)  # fmt: skip

# What a note leads to in a mode that plays beside the player.
BESIDE = Route(
    _but(Turn.LOOPING, Turn.KEPT), Turn.TOGETHER, ((476, 168), (580, 168)), Words((468, 86), 14)
)

COLOURS = {Happening.KEY: "you", Happening.BEGIN: "model"}  # the others are grey

STYLE = """
  svg { --back: #ffffff; --box: #f2f5f8; --line: #8d9ba7; --text: #12181e; --soft: #414d58;
        --you: #0067a3; --model: #a84b00; }
  @media (prefers-color-scheme: dark) {
    svg { --back: #12171c; --box: #1b2229; --line: #7d8b97; --text: #eef2f5; --soft: #b3bfc9;
          --you: #56b4e9; --model: #f0a83c; }
  }
  .back { fill: var(--back); }
  .frame { fill: none; stroke: var(--line); stroke-dasharray: 2 4; }
  .box rect { fill: var(--box); stroke: var(--line); stroke-width: 1.5; }
  .box.you rect { stroke: var(--you); }
  .box.model rect { stroke: var(--model); }
  text { fill: var(--soft); font: 13px system-ui, "Segoe UI", "Noto Sans", "DejaVu Sans", sans-serif; }
  .name { fill: var(--text); font-size: 15px; font-weight: 600; }
  .arrow path { fill: none; stroke: var(--soft); stroke-width: 1.5; }
  .arrow .tip { fill: var(--soft); stroke: none; }
  .arrow.you path { stroke: var(--you); }
  .arrow.you .tip, .arrow.you text { fill: var(--you); }
  .arrow.model path { stroke: var(--model); }
  .arrow.model .tip, .arrow.model text { fill: var(--model); }
  .arrow.beside path { stroke-dasharray: 6 4; }
"""


# --- what the tables say ------------------------------------------------------------------------------------------


def changes(table: Table) -> dict[tuple[Turn, Happening], Turn]:
    """The pairs of a table that change the state, each with the state that follows."""
    return {pair: then for pair, (_, then) in table.items() if then is not pair[0]}


def carried(routes: Iterable[Route], table: Table) -> dict[Route, list[Happening]]:
    """The words on each arrow.  Raises ValueError for a change that no route shows, and a route that shows none."""
    missing = dict(changes(table))
    found = {}
    for route in routes:
        found[route] = shown = [
            happening
            for happening in Happening
            if any((source, happening) in missing for source in route.sources)
            and all(
                table.get((source, happening), (None, None))[1] is route.target
                for source in route.sources
            )
        ]
        if not shown:
            raise ValueError(
                f"no row of the table leads {_from(route.sources)} to {name(route.target)}"
            )
        for source in route.sources:
            for happening in shown:
                missing.pop((source, happening), None)
    if missing:
        left = "; ".join(
            f"{name(s)} to {name(then)}: {h.value}" for (s, h), then in missing.items()
        )
        raise ValueError(f"these changes of the table have no arrow: {left}")
    return found


def beside() -> None:
    """Raise ValueError if modes that play beside the player differ from the others by more than is drawn and said."""
    usual, other = Start.REST.turns, Start.BESIDE.turns
    keys = (Happening.KEY, Happening.KEY_AFTER_REST)
    for (turn, happening), row in other.items():
        is_drawn = happening in keys and row[1] is Turn.TOGETHER
        is_said = (turn, happening) == (Turn.TOGETHER, Happening.AGAIN) and row[1] is turn
        is_said = is_said or (happening is Happening.COUNT and row[1] is Turn.TOGETHER)
        is_said = is_said or (happening is Happening.ENDED and row[1] is Turn.KEPT)
        if usual.get((turn, happening)) != row and not is_drawn and not is_said:
            raise ValueError(f"no arrow shows {name(turn)}, {happening.value} beside the player")
    if any(
        other.get((turn, Happening.KEY), (None, turn))[1] is not Turn.TOGETHER
        for turn in BESIDE.sources
    ):
        raise ValueError(
            "a note does not lead to together from each state that the dashed arrow names"
        )


def notes() -> list[str]:
    """The lines below the picture."""
    beside_them = ", ".join(mode for mode, row in MODES.items() if row.is_beside)
    unanswered = [
        mode
        for mode, row in MODES.items()
        if row.turns not in (Start.REST.turns, Start.BESIDE.turns)
    ]
    new_call = ", ".join(
        name(turn)
        for turn, _ in changes(Start.NOTE.turns).keys() - changes(Start.REST.turns).keys()
    )
    return [
        "An arrow from a dotted frame stands for one from each state in it. What is not drawn changes no state.",
        f"Dashed: in a mode where the model plays beside you ({beside_them}).",
        "There Again changes what is played, and not the state, and Count in leads from every state to together;",
        "an ending that was played leads from together to kept.",
        f"In {' and '.join(unanswered)} a note after the rest begins a new call: {new_call} becomes listening.",
    ]


def in_words(arrows: dict[Route, list[Happening]]) -> str:
    """The picture for those who do not see it: each arrow in a few words."""
    said = [
        f"{_from(route.sources)} to {name(route.target)}: {' · '.join(h.value for h in happenings)}"
        for route, happenings in arrows.items()
    ]
    key = Happening.KEY.value
    said.append(f"beside you {_from(BESIDE.sources)} to {name(BESIDE.target)}: {key}")
    return "; ".join(said) + "."


def name(turn: Turn) -> str:
    """The name of a state, as people read it."""
    return turn.name.lower().replace("_", " ")


def _from(turns: tuple[Turn, ...]) -> str:
    if len(turns) < len(Turn) - 1:
        return "from " + ", ".join(map(name, turns))
    left_out = [name(turn) for turn in Turn if turn not in turns]
    return "from every state" + (f" but {left_out[0]}" if left_out else "")


# --- drawing ------------------------------------------------------------------------------------------------------


def drawing(style: str = STYLE) -> str:
    """The whole picture, as SVG, with this style sheet in it."""
    beside()
    arrows = carried(ROUTES, Start.REST.turns)
    rows = [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {HEIGHT}" role="img" aria-labelledby="turns">',
        '<title id="turns">The states of turn-taking, and what leads from one to another</title>',
        f"<desc>{escape(in_words(arrows))}</desc>",
        *([f"<style>{style}</style>"] if style else []),
        f'<rect class="back" width="{WIDTH}" height="{HEIGHT}" rx="8"/>',
    ]
    for (x, y), height, title in FRAMES:
        rows.append(f'<rect class="frame" x="{x}" y="{y}" width="164" height="{height}" rx="10"/>')
        rows += _text(title, Words((x + 152, y + 17), 30, "end"))
    for route, happenings in arrows.items():
        rows += _arrow(route, happenings, COLOURS.get(happenings[0], "any"))
    rows += _arrow(BESIDE, [Happening.KEY], "you beside")
    for turn in Turn:
        rows += _box(turn)
    for place, line in enumerate(notes()):
        rows += _text(line, Words((8, 650 + 20 * place), 200))
    return "\n".join([*rows, "</svg>"]) + "\n"


def _box(turn: Turn) -> Iterator[str]:
    x, y = PLACES[turn]
    kind = {"listening": "you", "waiting": "any"}.get(turn.shown, "model")
    yield f'<g class="box {kind}">'
    yield f'<rect x="{x}" y="{y}" width="{BOX_WIDTH}" height="{BOX_HEIGHT}" rx="8"/>'
    yield f'<text class="name" x="{x + 10}" y="{y + 20}">{name(turn)}</text>'
    yield from _text(turn.meaning, Words((x + 10, y + 37), 18))
    yield "</g>"


def _arrow(route: Route, happenings: list[Happening], kind: str) -> Iterator[str]:
    (x, y), (ahead_x, ahead_y) = route.path[-2:][::-1]
    along_x, along_y = _sign(x - ahead_x), _sign(y - ahead_y)
    tip = (
        f"M{x} {y} L{x - 9 * along_x - 5 * along_y} {y - 9 * along_y - 5 * along_x} "
        f"L{x - 9 * along_x + 5 * along_y} {y - 9 * along_y + 5 * along_x} Z"
    )
    yield f'<g class="arrow {kind}">'
    yield f'<path d="{_path(route.path)}"/>'
    yield f'<path class="tip" d="{tip}"/>'
    if route.words is not None:
        said = " · ".join(happening.value for happening in happenings)
        is_from_many = len(route.sources) >= len(Turn) - 1
        yield from _text(f"{_from(route.sources)}: {said}" if is_from_many else said, route.words)
    yield "</g>"


def _path(points: tuple[Point, ...]) -> str:
    """Straight lines with round corners."""
    said = [f"M{points[0][0]} {points[0][1]}"]
    for (before, (x, y)), (_, after) in pairwise(pairwise(points)):
        enters = x - BEND * _sign(x - before[0]), y - BEND * _sign(y - before[1])
        leaves = x + BEND * _sign(after[0] - x), y + BEND * _sign(after[1] - y)
        said.append(f"L{enters[0]} {enters[1]} Q{x} {y} {leaves[0]} {leaves[1]}")
    return " ".join([*said, f"L{points[-1][0]} {points[-1][1]}"])


def _sign(number: float) -> int:
    return (number > 0) - (number < 0)


def _text(text: str, words: Words) -> Iterator[str]:
    x, y = words.at
    for place, line in enumerate(wrap(text, words.width)):
        anchor = f' text-anchor="{words.anchor}"' if words.anchor != "start" else ""
        yield f'<text x="{x}" y="{y + LINE * place}"{anchor}>{escape(line)}</text>'


def pictures() -> dict[Path, str]:
    """The text of each file of this picture."""
    return {
        ROOT / "docs" / "turns.svg": drawing(),
        ROOT / "page" / "src" / "turns.svg": drawing(style=""),
    }


if __name__ == "__main__":
    for path, text in pictures().items():
        path.write_text(text, encoding="utf-8")
