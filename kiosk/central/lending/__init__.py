"""Packs that central lends kiosks for offline unlocks, and their leases."""
