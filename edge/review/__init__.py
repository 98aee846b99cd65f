"""Kept photos, sorted by a person before a training: what is done to them, and how they look in a terminal."""
