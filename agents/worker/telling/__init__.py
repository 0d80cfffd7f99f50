"""What readers get: rows and turns as records, all of a flush in one transaction."""
