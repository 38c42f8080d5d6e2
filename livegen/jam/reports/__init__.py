"""Reports: the journal of a session, replies to commands, notices, and why a note was played."""
