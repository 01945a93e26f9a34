"""The command qmp-conformance."""
