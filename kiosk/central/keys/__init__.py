"""The master key, the escrow and its journal, sealing, signing, and trusted authorities."""
