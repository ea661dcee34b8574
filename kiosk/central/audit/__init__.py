"""The audit trail, a hash chain, and its signed checkpoints."""
