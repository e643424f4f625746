"""What the relay and the desktop client must agree on; a module is here only if both import it."""
