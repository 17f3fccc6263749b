"""Records packed into arrays, and the panel, which holds what was known about households on a date."""
