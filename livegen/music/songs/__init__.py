"""A song's form and what comes back in it, learned while it is played."""
