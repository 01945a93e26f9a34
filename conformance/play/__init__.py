"""Plays cases on machines and records their outcomes."""
