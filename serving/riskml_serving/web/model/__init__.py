"""The model that serves: since when, how well it did in tests, and whether the households have shifted since."""
