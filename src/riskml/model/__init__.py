"""The model: a linear and a tree part in one additive margin, its calibration, the baselines and the bundle."""
