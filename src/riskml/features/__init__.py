"""Features: one plain function of a panel each, with everything said about it standing beside it."""
