"""OSC: the namespace of addresses, packets, who may speak, and who is told of changes."""
