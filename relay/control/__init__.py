"""The control channel: how the command line asks the relay that runs on its own machine, and never its database."""
