"""A household's income and events as a picture."""
