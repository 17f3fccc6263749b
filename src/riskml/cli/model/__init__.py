"""Commands that train, score with, explain, compare, report on and release models."""
