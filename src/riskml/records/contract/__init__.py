"""The data contract: tables, columns, calendar, when a row is known, and the form of a fault."""
