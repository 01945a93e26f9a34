"""A relay between the suite and a real QEMU that changes one thing, and what must notice it."""
