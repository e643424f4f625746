"""Files in the window: cards and pictures in messages, what is done with them, the list of transfers, and the viewer."""
