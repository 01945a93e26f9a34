"""From a build's introspection and what people know to an ordered tuple of cases; pure."""
