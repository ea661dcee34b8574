# SPDX-License-Identifier: Apache-2.0
"""The sync: a process of its own between the store and the central service."""
