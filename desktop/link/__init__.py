"""The client's side of the wire: finding relays, the link to one, and what is kept of it on this computer. No Tk."""
