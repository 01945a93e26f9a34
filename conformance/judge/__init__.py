"""From a case and what was observed to findings; pure, one file per family of checks."""
