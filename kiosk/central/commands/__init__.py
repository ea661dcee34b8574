"""The commands of the RA and of IT, one module a group."""
