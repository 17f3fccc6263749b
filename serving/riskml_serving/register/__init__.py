"""The register of persons: names, ID numbers and telephones, encrypted with a key that is not in the database."""
