"""riskml, its baselines and other learners on real panels: fitting, resampling, and the tables."""
