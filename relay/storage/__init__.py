"""The relay's storage: SQL and nothing else. The only package of the relay that imports aiosqlite."""
