"""The cases of commands."""
