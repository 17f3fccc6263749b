"""Judges many households at once: a separate process reads them as Arrow tables, range by range."""
