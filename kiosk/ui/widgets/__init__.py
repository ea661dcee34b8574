"""The pieces that screens are made of. Each takes the `Context` first, and draws values."""
