"""Commands that measure: each prints the figures that the documentation quotes."""
