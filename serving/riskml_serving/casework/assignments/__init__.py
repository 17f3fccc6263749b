"""Who looks after a household."""
