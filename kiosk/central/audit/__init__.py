# SPDX-License-Identifier: Apache-2.0
"""The audit trail: who did what, in a chain of hashes that shows every later change.

The room appends entries, checks the chain, and signs its newest entry as a checkpoint once a day.
Personal data stays outside the chain, so it can be erased without breaking it. No entry contains a
passcode, an answer or a key. Read `trail` first, then `checkpoints`.
"""
