"""Which model serves."""
