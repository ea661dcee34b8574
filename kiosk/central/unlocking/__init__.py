# SPDX-License-Identifier: Apache-2.0
"""Unlocking: a card's session, its answers, its grant of keys, and the facts that follow.

An attempt is committed as failed before it is evaluated. A session gets one grant, for one card in
one kiosk, and the card work must begin within two minutes. An administrator key never leaves
central. Facts are applied once, in any order. Read in the order of an unlock: `opening`, `attempt`,
`grant`, `challenge`, `facts`.
"""
