"""What the client knows."""
