"""Commands that reproduce the figures stated in the README."""
