"""What the source of a release declares, as values, and digests of its facts."""
