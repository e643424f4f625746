"""Starting with the computer: entries by which the system starts the client, or the relay on this computer, when the person signs in."""
