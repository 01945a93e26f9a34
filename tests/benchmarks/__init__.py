"""The benchmarks measure what they say that they measure; how long it takes is no matter."""
