"""All text for people and programs, as pure functions of the event stream and other values."""
