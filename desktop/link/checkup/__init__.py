"""Finds out why relays are not found or reached, and says in words which leg of the way fails and what mends it."""
