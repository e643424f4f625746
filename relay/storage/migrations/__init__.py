"""The schema as numbered SQL files; `relay.storage.migrate` runs them in order, each once."""
