"""The sections of a card: each plays or gathers what it needs, measures it, and adds its figures."""
