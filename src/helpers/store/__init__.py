"""Everything on disk: files, locks, checksums, downloads, settings, and results keyed by their origin."""
