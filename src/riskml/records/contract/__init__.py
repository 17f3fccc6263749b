"""The data contract: its tables, columns and calendar, when a row is known, and how faults are described."""
