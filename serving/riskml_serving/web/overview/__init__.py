"""The overview of a region: counts by colour, tier, category, cause and agreement, history, and the yield of visits."""
