"""Records: the data contract, reading and checking a records folder, and the panel of what was known on a date."""
