"""Writes a run in the formats that users' tools read; pure functions of its stream."""
