# SPDX-License-Identifier: Apache-2.0
"""The sync: its own process, between the store and the central service."""
