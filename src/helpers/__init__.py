"""How an audio network hears like a human brain: the rooms that the notebooks call."""
