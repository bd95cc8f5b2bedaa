"""Baselines: features of sounds that nothing has learned, acoustic or labels, each a family of its own."""
