"""Network weights from untrusted files: nothing but tensors is unpickled, and every tensor is accounted for."""

from __future__ import annotations

import pickle
import re
import zipfile
from pathlib import Path

import torch

from helpers.errors import DamagedCheckpoint, UserError
from helpers.models.encodecmae.network import Network, Sizes

UNUSED = ("head.", "target_encoder.")  # parts of a published checkpoint that extraction does not need
SHARED = re.compile(r"(visible_encoder|decoder)\.encoder_layers\.(\d+)\.(ff_layer\..+)")
BASE_HEADS = 12  # of the published base models; the number of heads cannot be read from the tensors
EXPECTED = "expected an EnCodecMAE checkpoint (a dict with `imports`, `config` and `state_dict`)"


def load_network(path: Path, heads: int | None = None) -> Network:
    """Return the network in a published-format checkpoint, in evaluation mode on the CPU.

    `heads`: attention heads; None takes them from the checkpoint's own configuration, else 12 (the base models).
    Raises DamagedCheckpoint naming the file and what is wrong with it; UserError for a file that is not there and for
    heads that do not fit.
    """
    checkpoint = read(path)
    weights = _weights(path, checkpoint)
    sizes = _sizes(path, weights, heads or _configured_heads(checkpoint.get("config")) or BASE_HEADS)
    return filled(sizes, weights, path)


def filled(sizes: Sizes, weights: dict[str, torch.Tensor], path: Path) -> Network:
    """Return a network of these sizes with `weights`; raises DamagedCheckpoint for missing, unknown or wrong ones."""
    with torch.device("meta"):  # shapes alone: nothing is initialised only to be overwritten
        network = Network(sizes)
    _check_shapes(path, {name: tensor.shape for name, tensor in network.state_dict().items()}, weights)
    _check_shared(path, weights)
    network.load_state_dict(weights, assign=True)
    return network.eval()


def read(path: Path) -> dict:
    """Return the dict in a torch file, read without running anything in it; raises as `load_network` does."""
    if not Path(path).is_file():
        raise UserError(f"{path}: no such checkpoint; correct the path or give a published name")
    try:
        _refuse_packed(path)
        content = torch.load(path, map_location="cpu", weights_only=True)
    except pickle.UnpicklingError as error:
        raise DamagedCheckpoint(f"{path}: {_refused(str(error))}") from None
    except (PermissionError, MemoryError) as error:  # not the file's fault, so that it must not be left out
        raise UserError(f"{path}: could not be read ({_first_line(error)}); see that this can be done") from None
    except Exception as error:  # damaged bytes can make the unpickler raise anything
        raise DamagedCheckpoint(f"{path}: not readable ({_first_line(error)}); {EXPECTED}: get it again") from None
    if not isinstance(content, dict):
        raise DamagedCheckpoint(f"{path}: found a {type(content).__name__}; {EXPECTED}")
    return content


def _refuse_packed(path: Path) -> None:
    """Raise ValueError for compressed files, which torch never writes: a few kilobytes could fill the memory."""
    if zipfile.is_zipfile(path):
        with zipfile.ZipFile(path) as opened:
            if packed := [entry.filename for entry in opened.infolist() if entry.compress_type != zipfile.ZIP_STORED]:
                raise ValueError(f"its entry {packed[0]} is compressed, which torch never does")


def _refused(message: str) -> str:
    found = re.search(r"GLOBAL (\S+)|got (\S+\.\S+) ", message)
    if found:
        carried = f"carries a pickled object ({found[1] or found[2]}), which could run code"
        return f"{carried}; {EXPECTED}: do not trust this file"
    return f"not a checkpoint; {EXPECTED}: check the file or get it again"


def _first_line(error: Exception) -> str:
    return (str(error).strip() or type(error).__name__).splitlines()[0][:120]


def _weights(path: Path, checkpoint: dict) -> dict[str, torch.Tensor]:
    """Return the tensors that extraction uses, in float32."""
    state = checkpoint.get("state_dict")
    if not isinstance(state, dict):
        keys = ", ".join(sorted(map(str, checkpoint))[:5]) or "nothing"
        raise DamagedCheckpoint(f"{path}: holds {keys}, but no `state_dict`; {EXPECTED}")
    kept = {name: value for name, value in state.items() if not str(name).startswith(UNUSED)}
    for name, value in kept.items():
        if not isinstance(value, torch.Tensor) or _is_larger_than_stored(value) or not _is_finite(value):
            raise DamagedCheckpoint(
                f"{path}: '{name}' is no tensor of finite floats; the file is damaged: get it again"
            )
    return {name: value.float() for name, value in kept.items()}


def _is_larger_than_stored(tensor: torch.Tensor) -> bool:
    """Detect strides of 0, with which a few bytes stand for a tensor of any size."""
    return tensor.numel() * tensor.element_size() > tensor.untyped_storage().nbytes()


def _is_finite(tensor: torch.Tensor) -> bool:
    return tensor.is_floating_point() and bool(tensor.isfinite().all())


def _configured_heads(config: object) -> int | None:
    """Return the number of heads that the checkpoint's gin text states, if it states one."""
    found = re.search(r"(?:NUM_ENCODER_HEADS|num_heads)\s*=\s*(\d+)", config) if isinstance(config, str) else None
    return int(found[1]) if found else None


def _sizes(path: Path, weights: dict[str, torch.Tensor], heads: int) -> Sizes:
    """Return the sizes that the tensors' shapes imply."""
    width, mels = _shape(path, weights, "wav_encoder.post_net.weight")
    inner, _ = _shape(path, weights, "visible_encoder.encoder_layers.0.att_layer.wq.weight")
    feed_forward, _ = _shape(path, weights, "visible_encoder.encoder_layers.0.ff_layer.0.weight")
    if heads < 1 or width // heads * heads != inner:
        raise UserError(
            f"{path}: {heads} heads do not fit a width of {width} with {inner} attention channels; "
            "set `heads` to the number of attention heads"
        )
    layers = [_n_layers(weights, tower) for tower in ("visible_encoder", "decoder")]
    return Sizes(width, heads, *layers, feed_forward, mels)


def _shape(path: Path, weights: dict[str, torch.Tensor], name: str) -> tuple[int, int]:
    if name not in weights or weights[name].dim() != 2:
        found = f"shape {tuple(weights[name].shape)}" if name in weights else "none"
        raise DamagedCheckpoint(f"{path}: expected a matrix '{name}', found {found}; {EXPECTED}")
    return tuple(weights[name].shape)


def _n_layers(weights: dict[str, torch.Tensor], tower: str) -> int:
    numbers = [int(found[1]) for name in weights if (found := re.match(rf"{tower}\.encoder_layers\.(\d+)\.", name))]
    # a hostile name such as `encoder_layers.99999999.x` must not build as many layers
    return min(max(numbers, default=0), len(numbers)) + 1


def _check_shapes(path: Path, expected: dict[str, torch.Size], weights: dict[str, torch.Tensor]) -> None:
    missing, extra = sorted(expected.keys() - weights.keys()), sorted(weights.keys() - expected.keys())
    if missing or extra:
        problem = f"{len(missing)} tensors missing ({_some(missing)}), {len(extra)} unknown ({_some(extra)})"
        raise DamagedCheckpoint(
            f"{path}: {problem}; it is damaged or of another architecture: give an EnCodecMAE checkpoint"
        )
    for name, shape in expected.items():
        if weights[name].shape != shape:
            raise DamagedCheckpoint(
                f"{path}: '{name}' has shape {tuple(weights[name].shape)}, expected {tuple(shape)}; "
                "the file is damaged or of another architecture: get it again"
            )


def _some(names: list[str]) -> str:
    return ", ".join(names[:3]) + (", ..." if len(names) > 3 else "") or "none"


def _check_shared(path: Path, weights: dict[str, torch.Tensor]) -> None:
    """Raise UserError unless the copies of the one feed-forward block that a tower's layers share are equal."""
    for name, tensor in weights.items():
        found = SHARED.fullmatch(name)
        if found and not torch.equal(tensor, weights[f"{found[1]}.encoder_layers.0.{found[3]}"]):
            raise DamagedCheckpoint(
                f"{path}: '{name}' differs from layer 0's, but a tower has one feed-forward block for all its layers; "
                "the checkpoint is of another architecture"
            )
