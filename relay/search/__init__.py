"""Search: an index in memory that follows the log, and what it finds, read from the log before anybody sees it."""
