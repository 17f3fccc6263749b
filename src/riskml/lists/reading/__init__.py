"""Reads lists as received: sheets, headers, kinds of rows, and the field of each column."""
