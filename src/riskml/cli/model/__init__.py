"""Commands that train, compare, explain, report and release models."""
