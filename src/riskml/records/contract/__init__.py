"""The data contract: its tables, columns and calendar, the days on which a row counts, and how faults are described."""
