"""Checks every request beyond the types of its fields, in one place for REST, pages and the desk; names each field."""
