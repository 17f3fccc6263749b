"""Opening a records folder: files, columns and cells as typed DuckDB views."""
