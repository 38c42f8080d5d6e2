"""Charts: a tune's chords and form on paper, read from a file, and played for ever on a line of ticks.

    chart = read_chart(path, title)         # of several tunes the first, or the one named; chart_of reads bytes
    chart = chart.transposed(-2)
    chart.bars, chart.text_of(bar)          # for a page: bars with their signs, and what stands in one ("C . F G!")
    write_text(chart)                       # in livegen's own text, which is read as the same chart
    nearest_style(chart.style, styles)      # the style of a model that a chart's word means, or None
    form = chart.form                       # unrolled once: pickup, intro, round (comes back), outro; bars as played

Ticks are 24 to a quarter.  Tick 0 is the first beat of the first whole bar.  A form answers for any tick:

    form.ticks, form.intro_ticks            length of a round; where the first one begins
    form.chord_at(tick)                     Chord, or None for N.C.
    form.changes(start, end)                ChordChange(tick, chord), start <= tick < end; a repeated chord is none
    form.bar_at(tick), form.bar_stretch(tick)    PlayedBar with its section; Stretch(start, end)
    form.section_stretch(tick)              Stretch(start, end)
    form.folded(tick)                       the same place in the introduction or the first round
    form.next_section(tick)                 where the next begins, a new round too
    form.hits(start, end)                   stop-time: Hit(tick, until)

`following.Follower` tells where on a form a player is who leaves out a bar or plays one twice.

Pure but for `read_chart`, which reads one file.  Knows nothing of clocks, parts or models.
"""

from livegen.music.charts.chart import Chart, Jump, WrittenBar
from livegen.music.charts.chart_file import chart_of, read_chart
from livegen.music.charts.form import ChordChange, Form, Hit, Placed, PlayedBar, Stretch
from livegen.music.charts.styles import nearest_style
from livegen.music.charts.text import write_text

__all__ = [
    "Chart",
    "ChordChange",
    "Form",
    "Hit",
    "Jump",
    "Placed",
    "PlayedBar",
    "Stretch",
    "WrittenBar",
    "chart_of",
    "nearest_style",
    "read_chart",
    "write_text",
]
