"""The process that does one job: `python -m helpers.batch.worker`, with the job on its first line of input.

Its input stays open as long as the parent process lives; when it closes, this process and its kernel end too.
"""

from __future__ import annotations

import contextlib
import json
import os
import sys
import threading
import traceback
from datetime import UTC, datetime
from pathlib import Path

import psutil

from helpers.errors import ChapterError, UserError
from helpers.report import notebooks as chapters
from helpers.store.terminal import show_anyway


def main() -> int:
    """Execute the notebook; on failure the last line of output begins with `error:`."""
    show_anyway()
    spec = json.loads(sys.stdin.readline())
    threading.Thread(target=_end_with_parent, daemon=True).start()
    print(f"{datetime.now(UTC):%Y-%m-%d %H:%M:%S UTC}: {spec['name']}", file=sys.stderr, flush=True)
    target = Path(spec["target"])
    try:
        chapters.run(Path(spec["source"]), spec["parameters"], target, spec["depends_on"], log=sys.stderr)
    except (UserError, ChapterError) as error:
        print(f"error: {error}", file=sys.stderr)
        return 2 if isinstance(error, UserError) else 1
    except Exception as error:  # an internal error: the log holds the traceback
        traceback.print_exc()
        print(f"error: {type(error).__name__}: {error}", file=sys.stderr)
        return 1
    return 0


def _end_with_parent() -> None:
    sys.stdin.read()
    for child in psutil.Process().children(recursive=True):
        with contextlib.suppress(psutil.Error):
            child.kill()
    os._exit(130)


if __name__ == "__main__":
    sys.exit(main())
