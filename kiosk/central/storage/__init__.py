"""Database transactions, and the change feed that numbers followed rows."""
