"""Counts for a region by colour, tier, category, cause and agreement, its history, and the yield of visits."""
