"""A listening test: what is heard, who judged what, and what can be said of it."""
