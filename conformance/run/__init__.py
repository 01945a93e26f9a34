"""Takes cases to machines and emits one stream of events."""
