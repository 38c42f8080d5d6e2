"""Repository tools that make a model file from a checkpoint and prove it right; not in the
wheel.
"""
