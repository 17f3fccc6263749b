"""The pages for importing lists from departments, step by step."""
