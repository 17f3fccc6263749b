"""Counts for a region: by colour, tier, category, cause and agreement, over time, and the yield of visits."""
