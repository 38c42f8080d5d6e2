"""The scorecard of a model: the real engine over calls from held-out music, and what its answers are worth.

Metrics are pure functions on lists of notes; each module names its sources.  Nothing here serves.
"""
