"""Hardware: the reader, and later lights and speech."""
