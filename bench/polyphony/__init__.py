"""Against the published record: nats per frame on four piano-roll sets.  See __main__.py."""
