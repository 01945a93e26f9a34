"""Positions and values inside an argument type; knows a schema and nothing else."""
