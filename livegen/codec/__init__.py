"""Music to what the network sees and back, one event at a time; the same code trains and serves."""
