"""Help that is assessed again: which records these are, and on which day."""
