# SPDX-License-Identifier: Apache-2.0
"""The change feed: the cards and the policy that an organisation's kiosks replicate.

A kiosk asks for the changes after its cursor. It misses none, because `storage.change_feed` numbers
them in the transaction that makes them. If there is no change yet, the kiosk may wait in a long
poll, which holds no thread. Read `change_page` first, then `watch`.
"""
