"""Many jams in one process: rooms with an engine each, whose players come over the network.

`room` is one jam, `rooms` all of one process, `site` their addresses.  The engines are those of `serve`, and play a
little behind the clock.
"""
