"""The list of changes to stored scores, read from a cursor onwards."""
