"""A small QMP server that keeps every promise of the catalogue, and breaks any one on request.

The server is a program of its own, for plain Python in a sandbox: it imports nothing of the suite.
"""
