"""Files on the relay: their sealed contents, and how uploads become them."""
