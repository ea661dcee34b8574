"""Sealing: what answers open, and what is sealed to a key."""
