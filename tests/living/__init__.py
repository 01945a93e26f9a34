"""A small server in C, built with sanitizers, and what the suite sees of it."""
