"""What is deleted: a household that is to be forgotten, and what has been kept long enough."""
