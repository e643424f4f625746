"""The relay's command line, one module a command. Each has `add_parser`, which sets the function to call as `run`."""
