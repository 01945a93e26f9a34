"""Checks saved files against the rules, without a machine."""
