"""Random search: what it begins with, what it sends next, and how a finding is made small."""
