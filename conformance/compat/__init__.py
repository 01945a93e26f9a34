"""Compares an older and a newer schema, and says what each change means to clients."""
