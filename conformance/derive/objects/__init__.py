"""The cases of object types and of the tree of objects."""
