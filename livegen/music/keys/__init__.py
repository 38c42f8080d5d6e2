"""Keys and scales: as values, and heard in what is played."""
