"""The values that cross rooms: cases, stages, scripts, and the words of all of them."""
