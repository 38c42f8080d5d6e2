"""livegen: a jam partner for the DAW."""

__version__ = "0.1.0"
