"""The command line of the registration authority and IT: parses, calls, prints."""
