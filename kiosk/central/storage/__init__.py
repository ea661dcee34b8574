# SPDX-License-Identifier: Apache-2.0
"""Storage: the database's transactions, and the numbering of every change that kiosks follow.

Transactions follow one another on SQLite and PostgreSQL alike, and are on disk when their block
ends. A refusal commits; any other error rolls back. Every change that kiosks follow gets a position
in its own transaction. Read `database` first, then `change_feed`.
"""
