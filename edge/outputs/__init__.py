"""Where answers go: one file per output."""
