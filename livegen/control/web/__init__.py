"""The page: a local address at which one sees the jam, plays it and takes it away.

Served by the control process.  Nothing in here is imported by the port process or the engine process.
"""
