"""Measurements of speed, latency and memory: `python -m bench.NAME` writes NAME.json and NAME.md
here.
"""
