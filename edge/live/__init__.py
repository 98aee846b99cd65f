"""Pure functions over a stream of answers."""
