"""A build's schema beside the schema that its source declares."""
