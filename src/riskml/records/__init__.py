"""Records: the data contract, the reading and checking of records folders, and panels of what was known on a date."""
