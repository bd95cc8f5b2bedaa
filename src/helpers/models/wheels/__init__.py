"""Trained networks whose weights ship in Python wheels: the wheels, and readers of the formats inside."""
