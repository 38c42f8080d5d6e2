"""The engine.  Sans-IO: messages and times in, messages and times out.

`engine.py` puts the rooms together; `turns.py` decides whose turn it is.  Each room knows those below it only, in the
order of docs/ARCHITECTURE.md, which import-linter holds.
"""
