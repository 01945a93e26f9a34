"""Reads QAPI source: declarations, documentation, examples, and the facts they state."""
