"""Targets, the sandbox, machines and their pool; knows no schema."""
