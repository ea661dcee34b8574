# SPDX-License-Identifier: Apache-2.0
"""Lending: packs, with which kiosks unlock cards while central is unreachable, and their leases.

A pack contains a key only if it is certain that the card carries it, and while a pack is lent the
key is not renewed. All lent packs together allow fewer attempts than lock a registration. Kiosks
may report in any order what they did with packs, but nothing that they say ends a lease. Read
`pack_issue` first, then `leases`, `boot_keys` and `offline_visits`.
"""
