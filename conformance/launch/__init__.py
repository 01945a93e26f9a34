"""Targets, sandbox, machines and their pool; knows no schema."""
