"""Takes records in: once, from the day of receipt on, and scores again whom they touch."""
