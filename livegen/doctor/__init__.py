"""`livegen doctor`: one look at everything that stands between a person and the first answer.

Each check is a row of a table and independent of the others; each finding is one line, and where it is not well,
one more of what to do.  Leaves the machine as it was.
"""
