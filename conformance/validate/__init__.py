"""Takes saved files to the judges, without a machine."""
