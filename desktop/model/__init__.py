"""What the client knows, folded from events: no I/O, no Tk, no clock of its own."""
