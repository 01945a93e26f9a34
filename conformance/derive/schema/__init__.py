"""The cases of a schema as such."""
