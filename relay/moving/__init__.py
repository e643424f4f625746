"""Moves: the relay that runs here is handed over to another computer, as a whole and at once. docs/decisions/0014-one-mark-hands-a-relay-over.md"""
