# SPDX-License-Identifier: Apache-2.0
"""Database transactions, and the change feed that numbers followed rows."""
