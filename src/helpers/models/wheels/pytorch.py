"""Reader of the tensors in torch files, old and new, without running anything in them."""

from __future__ import annotations

import io

import torch

from helpers.errors import UserError


def read(content: bytes, what: str, part: str = "") -> dict[str, torch.Tensor]:
    """Return the tensors of a torch file, or of the dictionary called `part` in it, by name.

    Raises UserError, naming `what`, for anything else.
    """
    try:
        found = torch.load(io.BytesIO(content), map_location="cpu", weights_only=True)
    except Exception as error:  # damaged bytes can make the unpickler raise anything
        reason = " ".join(str(error).split())[:200]
        raise UserError(f"{what}: found no readable torch file ({reason}); get the file again") from None
    if part:
        found = found.get(part) if isinstance(found, dict) else None
    if not isinstance(found, dict) or not all(
        isinstance(name, str) and torch.is_tensor(tensor) for name, tensor in found.items()
    ):
        where = f" under '{part}'" if part else ""
        raise UserError(f"{what}: found other content, expected tensors by name{where}; get the file again")
    return found
