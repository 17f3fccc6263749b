"""Explanations for one household, and for all households in a county."""
