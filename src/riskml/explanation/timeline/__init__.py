"""Draw a household's income and events as a picture."""
