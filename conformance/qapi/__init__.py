"""The schema as data: model, introspection, validation."""
