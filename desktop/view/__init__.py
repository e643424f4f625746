"""Tk and nothing but Tk: draws what the model hands over, and tells the controller what the person asked for."""
