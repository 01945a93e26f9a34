"""Compares a build's schema with the schema that its source declares."""
