"""Everything on disk: files, locks, checksums, downloads, settings, and results that know what made them."""

from helpers.store.results import is_kept, key, result

__all__ = ["is_kept", "key", "result"]
