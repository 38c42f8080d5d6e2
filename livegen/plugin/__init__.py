"""Plug-ins of a DAW: each a seat in a jam, over a socket of this machine.  docs/PLUGIN.md has the protocol."""
