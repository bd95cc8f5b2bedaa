"""Weights as trained, as before training, permuted, or trained on other sounds: the controls of what was learned.

Permuted: the values of each tensor of weights are shuffled within it, so that their distribution stays and their
arrangement is lost; what was never learned, such as the filters of a front end, stays as it is. The same in
`make_randomized_state_dict` of github.com/jenellefeather/cochdnn, for Tuckute et al. 2023. Matched: trained in the same
way on as many sounds drawn at random, which tells what a network learned from its kind of sounds from what it learned
from any; only of families that train on the study's sounds.
"""

from __future__ import annotations

import copy
import math
from collections.abc import Sequence

import torch
from torch import Tensor, nn

from helpers.errors import UserError

TRAINED, UNTRAINED, PERMUTED, MATCHED = STATES = ("trained", "untrained", "permuted", "matched")
CONTROLS = STATES[1:]


def permuted(network: nn.Module, seed: int, keep: Sequence[str] = ()) -> nn.Module:
    """Return a copy of a network with the values of each tensor of its state shuffled within the tensor.

    Parameters
    ----------
    seed : of the shuffling; the global generator is left as it is
    keep : beginnings of the names of tensors that were never learned, which stay
    """
    changed = copy.deepcopy(network)
    generator = torch.Generator().manual_seed(seed)
    with torch.no_grad():
        for name, tensor in changed.state_dict().items():
            if not name.startswith(tuple(keep)) and tensor.is_floating_point():
                order = torch.randperm(tensor.numel(), generator=generator)
                tensor.copy_(tensor.flatten()[order].view_as(tensor))
    return changed


def glorot(network: nn.Module, seed: int) -> nn.Module:
    """Return the network, started as Keras and TensorFlow start layers: Glorot-uniform kernels, biases 0, gains 1.

    Batch normalisations start with the mean 0 and the variance 1.
    """
    generator = torch.Generator().manual_seed(seed)
    with torch.no_grad():
        for name, tensor in network.named_parameters():
            if tensor.dim() > 1:
                n_positions = tensor[0, 0].numel()
                bound = math.sqrt(6 / (n_positions * (tensor.shape[0] + tensor.shape[1])))
                tensor.uniform_(-bound, bound, generator=generator)
            else:
                tensor.fill_(1.0 if name.endswith("weight") else 0.0)
        for module in network.modules():
            if isinstance(module, nn.modules.batchnorm._BatchNorm):
                module.reset_running_stats()
    return network


def as_torch(network: nn.Module, seed: int) -> nn.Module:
    """Return the network, started as torch starts its layers; the global generator is left as it is."""
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)
        for module in network.modules():
            if hasattr(module, "reset_parameters"):
                module.reset_parameters()
    return network


def n_values(network: nn.Module) -> int:
    """Return how many numbers a network has learned."""
    return sum(tensor.numel() for tensor in network.parameters())


def filled(network: nn.Module, state: dict[str, Tensor], what: str) -> nn.Module:
    """Return the network with the tensors of `state`, every one of which it must have; raises UserError otherwise."""
    try:
        network.load_state_dict(state)
    except RuntimeError as error:
        reason = " ".join(str(error).split())
        raise UserError(f"{what}: found other tensors than this network's ({reason}); get the file again") from None
    return network
