"""The processes: ports, clock, send loop, ledger, supervision.

The port process and all that it imports use the standard library and python-rtmidi only, so that it starts
at once and waits for nobody: no numpy, no onnxruntime, no mido here.
"""
