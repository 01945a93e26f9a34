"""How fast the suite is, and against what."""
