"""The contract between a kiosk and the central service."""
