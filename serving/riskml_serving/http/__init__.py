"""How requests become typed values and results become bytes; a write that is sent twice counts once."""
