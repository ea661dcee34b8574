# SPDX-License-Identifier: Apache-2.0
"""Registration: logging in with a card, and registering for self service with four answers.

A login counts only after the card has signed with the key that needs its passcode, and only if its
certificate is trusted. Answers exist here only while they seal or open a registration; nothing of
them is stored but sealed envelopes, wrapped by the master key. Emailed codes serve registrations
and unlocks. Read `registering` first, then `card_login`, `codes` and `registrations`.
"""
