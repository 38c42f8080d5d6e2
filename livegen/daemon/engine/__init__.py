"""The engine process: an engine, fed by frames and woken in time, and its models and commands loaded beside it."""
