"""Opening a records folder: its files are read as DuckDB views with typed columns."""
