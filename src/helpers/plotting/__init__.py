"""What the figures of several chapters share: their look, panels, menus, and words in both languages."""
