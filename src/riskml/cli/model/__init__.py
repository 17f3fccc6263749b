"""Commands that train, use, explain, compare, report on and release models."""
