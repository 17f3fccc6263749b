"""Appends records and rescores the affected households; a record counts from its receipt or from a later stated day."""
