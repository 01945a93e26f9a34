"""Writes a run, or several, as one self-contained page; a pure function of what is told of them."""
