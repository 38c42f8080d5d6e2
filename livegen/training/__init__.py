"""Corpora, networks, the training loop, evaluation.

Needs the extra `livegen[train]`; serving never imports it.
"""
