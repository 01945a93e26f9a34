"""Takes cases to machines and records what became of each."""
