"""Everything on disk: files, locks, checksums, downloads, settings, and results keyed by their origin."""

from helpers.store.results import is_being_made, is_kept, key, result

__all__ = ["is_being_made", "is_kept", "key", "result"]
