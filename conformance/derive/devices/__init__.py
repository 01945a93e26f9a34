"""Cases of device types: plugged in, read, set, given wrong members, taken away."""
