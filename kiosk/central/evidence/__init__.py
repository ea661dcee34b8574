# SPDX-License-Identifier: Apache-2.0
"""The evidence: which unblocking key a card may carry, and how many tries it may have left.

No column stores which key a card carries. The room derives it from the card's grants and from the
facts that kiosks reported, so late, repeated or reordered reports do no harm. It also decides what
the next grant may offer, and freezes a card if a grant could use up its last tries. Read `worlds`
for the rules, `visit` for a single visit, `history` for the database, and `epochs` for what happens
after a restore. `visit` and `worlds` are pure.
"""
