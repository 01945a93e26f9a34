"""Container engines for tests: images, a real podman, and what stands in for docker."""
