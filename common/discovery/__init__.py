"""How a relay is found on the LAN: what is announced, by multicast DNS and by answering a broadcast question."""
