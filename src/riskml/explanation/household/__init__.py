"""The explanation of a household, and of all households of a county."""
