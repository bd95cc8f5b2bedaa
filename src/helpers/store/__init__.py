"""Everything on disk: files, locks, checksums, downloads, settings, and results keyed by their origin."""

from helpers.store.results import is_kept, key, result

__all__ = ["is_kept", "key", "result"]
