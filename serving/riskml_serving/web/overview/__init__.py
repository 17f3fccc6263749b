"""Counts of a region: by colour, tier, category, cause and agreement; over time; the yield of visits."""
