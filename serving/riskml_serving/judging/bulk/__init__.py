"""Judges many households; a separate process reads their records as Arrow tables, one range of codes at a time."""
