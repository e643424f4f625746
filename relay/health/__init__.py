"""Whether the relay is well: facts are measured on threads, judged by pure functions, and told by `/health`, `/metrics` and the log."""
