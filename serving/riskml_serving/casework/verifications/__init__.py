"""What staff found when they visited a household."""
