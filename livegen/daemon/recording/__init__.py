"""All that is kept of a session: its journal, its takes, and the folder of recordings."""
