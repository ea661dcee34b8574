"""The sync: its own process, between the store and the central service."""
