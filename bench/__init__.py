"""How fast it is, each figure beside what the machine itself can do."""
