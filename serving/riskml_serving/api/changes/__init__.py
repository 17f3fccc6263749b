"""The changes since a cursor."""
