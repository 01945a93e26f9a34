"""Loads cases/ and fixtures/ into values."""
