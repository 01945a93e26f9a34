"""Bytes and messages of the protocol; knows nothing of QAPI."""
