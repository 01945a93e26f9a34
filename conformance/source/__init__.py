"""Reading QAPI source: declarations, documentation, examples, and what facts they state."""
