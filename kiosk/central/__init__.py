"""The central service: registrations, escrowed unblocking keys, unlocks, and what came of them."""
