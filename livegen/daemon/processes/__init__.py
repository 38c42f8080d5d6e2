"""Child processes: how they start, end, start again, and talk to the port process."""
