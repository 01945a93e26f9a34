"""The values that cross rooms: cases, stages, scripts, and the closed sets of words."""
