"""Pure functions of the event stream."""
