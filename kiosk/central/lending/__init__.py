# SPDX-License-Identifier: Apache-2.0
"""Packs that central lends kiosks for offline unlocks, and their leases."""
