"""Which files of a folder are meant to be there, and which ones Finder, editors, JupyterLab or archives left behind."""

from __future__ import annotations

from fnmatch import fnmatchcase

# Hidden files and folders (.DS_Store, ._x of AppleDouble, .ipynb_checkpoints, .x.swp, what a stopped write leaves),
# editors' backups and locks (x~, #x#, x.orig), what Windows keeps in a folder, compiled code
LEFT_BEHIND = (".*", "*~", "#*#", "~$*", "*.bak", "*.orig", "*.rej", "*.swp", "*.swo", "*.tmp", "*.pyc")
LEFT_BEHIND += ("__pycache__", "__MACOSX", "Thumbs.db", "desktop.ini", "Icon\r")


def is_own(name: str) -> bool:
    """Return whether a file or folder of that name is somebody's content, as far as its name tells."""
    return not any(fnmatchcase(name, pattern) for pattern in LEFT_BEHIND)
