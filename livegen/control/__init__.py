"""The control process: pages and surfaces from which a person plays the engine.  Commands in, states out.

It may lag or die: the music does not notice.
"""
