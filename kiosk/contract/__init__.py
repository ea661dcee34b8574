# SPDX-License-Identifier: Apache-2.0
"""The contract between a kiosk and the central service: messages, proofs, packs and rules."""
