# SPDX-License-Identifier: Apache-2.0
"""The central service: registrations, escrowed unblocking keys, unlocks, and what came of them."""
