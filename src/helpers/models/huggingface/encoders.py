"""Audio encoders of the library `transformers` as networks that take waveforms: stages by name, in their order.

Three kinds. Most return hidden states, one for each layer, as many frames as the sound is long. Whisper, AST and CLAP
take inputs of one fixed length, which their feature extractors fill up: with silence, nothing, or the sound again;
of their frames those are kept whose centre lies inside the sound, and at least the first. Codecs return no hidden
states; those of their encoder's layers are what its modules give.

The first stage, `embedding`, is what enters the first layer: the front end's output with its positions.
"""

from __future__ import annotations

import copy
import inspect
import math
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache
from pathlib import Path

import numpy as np
import torch
from torch import Tensor, nn

from helpers.errors import UserError
from helpers.models.huggingface import folders
from helpers.models.weights import n_values

EMBEDDING = "embedding"
INPUTS = ("input_values", "input_features")  # what networks that take sounds call them
WINDOW, HOP = 400, 160  # samples of AST's and w2v-BERT's spectra, which their extractors do not name
UNUSED = "masked_spec_embed"  # replaces masked frames in training
MOST_WEIGHTS = 4_000_000_000  # of a whole network, 16 GB; the largest audio encoders have half of that


class Encoder(nn.Module):
    """An audio encoder that returns hidden states, with its feature extractor.

    stages: name of each stage -> its number of units
    shortest, longest: samples that a sound must and may have
    """

    padding: dict = {}  # noqa: RUF012  what the extractor is told of it
    longest: float = math.inf

    def __init__(self, network: nn.Module, prefix: str, extractor):
        super().__init__()
        self.network, self.prefix, self.extractor = network, prefix, extractor
        self.accepted = frozenset(inspect.signature(network.forward).parameters)
        self.stages = dict(zip(self.names(), self.widths(), strict=True))

    @property
    def config(self):
        """The configuration of the network."""
        return self.network.config

    def blocks(self) -> list[str]:
        """Return the names of the modules whose outputs are the hidden states after the first."""
        recorded = (getattr(self.network, "_can_record_outputs", None) or {}).get("hidden_states")
        kinds = [getattr(one, "target_class", one) for one in (recorded if isinstance(recorded, list) else [recorded])]
        layers = tuple(kind for kind in kinds if isinstance(kind, type))
        return [name for name, module in self.network.named_modules() if isinstance(module, layers)]

    def names(self) -> list[str]:
        """Return the names of the stages, as the library's whole network has them."""
        blocks = self.blocks()
        if not blocks:
            raise UserError(
                f"weights: {type(self.network).__name__} returns no hidden states; give the folder or name of an audio "
                "encoder that does"
            )
        return [EMBEDDING, *(f"{self.prefix}{name}" for name in blocks)]

    def widths(self) -> list[int]:
        """Return how many units each stage has."""
        return [self.config.hidden_size] * (len(self.blocks()) + 1)

    @property
    def shortest(self) -> int:
        """Samples that give one frame."""
        if hasattr(self.config, "conv_kernel"):
            n = getattr(self.config, "squeeze_factor", 1)
            for kernel, stride in zip(self.config.conv_kernel[::-1], self.config.conv_stride[::-1], strict=True):
                n = (n - 1) * stride + kernel
            return n
        return WINDOW + HOP  # two frames of a spectrum, over which w2v-BERT's extractor takes a variance

    def forward(self, waveforms: Tensor) -> dict[str, Tensor]:
        """Return the stages (sound, time, ...) of waveforms (sound, sample), only the frames of the sounds."""
        inputs = self.inputs(waveforms)
        mask = inputs.get("attention_mask")
        if mask is not None and bool(mask.all()):
            del inputs["attention_mask"]
            mask = None
        states = self.network(**inputs, output_hidden_states=True).hidden_states
        if states is None or len(states) != len(self.stages):
            raise UserError(
                f"weights: {type(self.network).__name__} returned {len(states or ())} hidden states, expected "
                f"{len(self.stages)}: {', '.join(self.stages)}; give another audio encoder"
            )
        frames = [self.of_sound(state, waveforms.shape[1], mask) for state in states]
        return dict(zip(self.stages, frames, strict=True))

    def inputs(self, waveforms: Tensor) -> dict[str, Tensor]:
        """Return what the feature extractor makes of waveforms (sound, sample), as far as the network takes it."""
        sounds = list(waveforms.cpu().numpy())
        if self.extractor.feature_size == 2:  # stereo: the same on both sides
            sounds = [np.stack([sound, sound]) for sound in sounds]
        how = {"sampling_rate": self.extractor.sampling_rate, "return_tensors": "pt"}
        made = self.extractor(sounds, **how, **self.padding)
        taken = {name: value for name, value in made.items() if name in self.accepted}
        return {name: _plain(value).to(waveforms.device) for name, value in taken.items()}

    def of_sound(self, state: Tensor, n_samples: int, mask: Tensor | None) -> Tensor:  # noqa: ARG002
        """Return the frames (sound, time, ...) of a hidden state that belong to sounds of `n_samples`.

        All of them; where the extractor rounds the number of frames up, those that its `mask` (sound, time) has.
        """
        if mask is None:
            return state
        if mask.shape[1] != state.shape[1] or not bool((mask == mask[:1]).all()):
            raise UserError(
                f"weights: {type(self.extractor).__name__} pads sounds in a way that is not known here; "
                "give another audio encoder"
            )
        return state[:, mask[0].bool()]


class Whisper(Encoder):
    """Whisper's encoder: frame t of the 30 s that it takes is centred on sample 2 t hops."""

    def __init__(self, network: nn.Module, prefix: str, extractor):
        super().__init__(network, prefix, extractor)
        self.longest, self.step = extractor.n_samples, 2 * extractor.hop_length
        _equal("frames", extractor.nb_max_frames, 2 * self.config.max_source_positions)
        _equal("mel bands", extractor.feature_size, self.config.num_mel_bins)

    shortest = 1

    def of_sound(self, state: Tensor, n_samples: int, mask: Tensor | None) -> Tensor:  # noqa: ARG002
        return state[:, : math.ceil(n_samples / self.step)]


class Patches(Encoder):
    """AST: patches of a spectrogram, in rows of frequency; the two tokens that are no patches are left out."""

    shortest = WINDOW

    def __init__(self, network: nn.Module, prefix: str, extractor):
        super().__init__(network, prefix, extractor)
        self.longest = WINDOW + HOP * extractor.max_length - 1
        _equal("frames", extractor.max_length, self.config.max_length)
        _equal("mel bands", extractor.num_mel_bins, self.config.num_mel_bins)

    @property
    def n_bands(self) -> int:
        """Rows of patches, from low to high frequencies."""
        return (self.config.num_mel_bins - self.config.patch_size) // self.config.frequency_stride + 1

    def widths(self) -> list[int]:
        return [self.n_bands * self.config.hidden_size] * (len(self.blocks()) + 1)

    def of_sound(self, state: Tensor, n_samples: int, mask: Tensor | None) -> Tensor:  # noqa: ARG002
        patches = state[:, 2:].unflatten(1, (self.n_bands, -1)).transpose(1, 2)  # (sound, time, frequency, unit)
        centre = ((self.config.patch_size - 1) * HOP + WINDOW) / 2  # samples, of the first patch
        return patches[:, : max(1, math.ceil((n_samples - centre) / (HOP * self.config.time_stride)))]


class Clap(Encoder):
    """CLAP's audio tower: a spectrogram, cut along time into pieces that lie one above the other in a square image.

    A sound shorter than 10 s is repeated to fill them; the first time is kept. The spectrogram is stretched to the
    image's width, its first frame to the first column and its last one to the last.
    """

    shortest = 1

    def __init__(self, network: nn.Module, prefix: str, extractor):
        super().__init__(network, prefix, extractor)
        self.longest = extractor.nb_max_samples
        self.n_pieces = self.config.spec_size // self.config.num_mel_bins
        self.n_columns = self.config.spec_size * self.n_pieces
        n_frames = extractor.nb_max_samples // extractor.hop_length + 1
        self.samples_per_column = (n_frames - 1) / (self.n_columns - 1) * extractor.hop_length
        _equal("mel bands", extractor.feature_size, self.config.num_mel_bins)
        if n_frames > self.n_columns or any(rows % self.n_pieces for rows, _, _ in self._images()):
            raise UserError(
                f"weights: {n_frames} frames of {self.config.num_mel_bins} mel bands do not fill an image of "
                f"{self.config.spec_size} x {self.config.spec_size} piece by piece; give another network"
            )

    def blocks(self) -> list[str]:
        return [f"audio_encoder.layers.{number}" for number in range(len(self.config.depths))]

    def _images(self) -> list[tuple[int, int, int]]:
        """Return rows, columns and channels of each stage; each layer but the last halves the image."""
        encoder = self.network.audio_encoder
        scales = [0, *range(1, len(self.config.depths)), len(self.config.depths) - 1]
        rows, columns = encoder.patch_embed.grid_size
        return [(rows >> s, columns >> s, self.config.patch_embeds_hidden_size << s) for s in scales]

    def widths(self) -> list[int]:
        n_pieces = self.config.spec_size // self.config.num_mel_bins
        return [rows // n_pieces * channels for rows, _, channels in self._images()]

    def inputs(self, waveforms: Tensor) -> dict[str, Tensor]:
        before = np.random.get_state()  # noqa: NPY002  the extractor draws which short sound it calls long
        made = super().inputs(waveforms)
        np.random.set_state(before)  # noqa: NPY002
        made["is_longer"] = torch.zeros_like(made["is_longer"])  # none is
        return made

    def of_sound(self, state: Tensor, n_samples: int, mask: Tensor | None) -> Tensor:  # noqa: ARG002
        pieces = state.unflatten(2, (self.n_pieces, -1))  # (sound, unit, piece, frequency, column)
        frames = pieces.permute(0, 2, 4, 3, 1).flatten(1, 2)  # (sound, time, frequency, unit)
        width = self.n_columns / frames.shape[1]  # columns of the image in a frame
        centres = (np.arange(frames.shape[1]) * width + (width - 1) / 2) * self.samples_per_column
        return frames[:, : max(1, int((centres < n_samples).sum()))]


class Codec(Encoder):
    """The encoder of a codec: the outputs of its layers, in their order, of those that have weights."""

    padding = {"padding": False}  # noqa: RUF012

    def __init__(self, network: nn.Module, prefix: str, extractor):
        network.decoder = None
        super().__init__(network, prefix, extractor)

    @property
    def shortest(self) -> int:
        return int(getattr(self.config, "hop_length", 1))  # samples of one frame

    def blocks(self) -> list[str]:
        found = []
        for name, module in self.network.encoder.named_children():
            # A child is a list of layers, a part that has such lists, or a layer
            inner = {f"{name}.{where}": own for where, own in module.named_children() if _is_list(own)}
            lists = {name: module} if _is_list(module) else inner
            layers = [f"{where}.{number}" for where, own in lists.items() for number in range(len(own))]
            found += [f"encoder.{layer}" for layer in layers or [name]]
        return [name for name in found if list(self._module(name).parameters())]

    def _module(self, name: str) -> nn.Module:
        return self.network.get_submodule(name)

    def names(self) -> list[str]:
        return self.blocks()

    def widths(self) -> list[int]:
        widths = []
        for name in self.blocks():
            if maps := _maps(self._module(name)):
                widths.append(maps[-1].out_channels if isinstance(maps[-1], nn.Conv1d) else maps[-1].out_features)
            else:  # a recurrent layer or a nonlinearity keeps the width
                widths.append(widths[-1])
        return widths

    def forward(self, waveforms: Tensor) -> dict[str, Tensor]:
        modules = {name: self._module(name) for name in self.stages}
        with _outputs(modules) as found:
            self.network.encode(self.inputs(waveforms)["input_values"])
        # Long sounds may be encoded in chunks, one after the other
        return {name: torch.cat([_time_first(modules[name], one) for one in found[name]], 1) for name in self.stages}


def _is_list(module: nn.Module) -> bool:
    return isinstance(module, nn.ModuleList)


@contextmanager
def _outputs(modules: dict[str, nn.Module]) -> Iterator[dict[str, list[Tensor]]]:
    """Yield what each module gives while the context lasts, one tensor a call."""
    found = {name: [] for name in modules}

    def keep(name: str):
        return lambda module, given, output: found[name].append(output[0] if isinstance(output, tuple) else output)

    hooks = [module.register_forward_hook(keep(name)) for name, module in modules.items()]
    try:
        yield found
    finally:
        for hook in hooks:
            hook.remove()


def _time_first(module: nn.Module, output: Tensor) -> Tensor:
    """Return a layer's output as (sound, time, unit), which layers of linear maps give; others (sound, unit, time)."""
    maps = _maps(module)
    return output if maps and all(isinstance(one, nn.Linear) for one in maps) else output.mT


def _maps(module: nn.Module) -> list[nn.Module]:
    return [one for one in module.modules() if isinstance(one, nn.Conv1d | nn.Linear)]


def _plain(value: object) -> Tensor:
    tensor = torch.as_tensor(value)
    return tensor.float() if tensor.is_floating_point() else tensor


def _equal(what: str, found: int, expected: int) -> None:
    if found != expected:
        raise UserError(
            f"weights: the feature extractor makes {found} {what}, the network takes {expected}; "
            "give the extractor that belongs to the network"
        )


KINDS = {"whisper": Whisper, "audio-spectrogram-transformer": Patches, "clap_audio_model": Clap}  # of fixed length


# Opening


def library():
    """Return the library, quiet; raises UserError where it is not installed."""
    try:
        import safetensors  # noqa: F401
        import transformers  # slow to import
    except ImportError as error:
        raise UserError(
            f"family 'transformers': the packages transformers and safetensors are not installed ({error}); "
            f"{folders.INSTALL}"
        ) from None
    transformers.utils.logging.set_verbosity_error()
    transformers.utils.logging.disable_progress_bar()
    return transformers


def described(folder: Path) -> tuple[object, object]:
    """Return the configuration and the feature extractor in a folder; raises UserError for what cannot be used."""
    states = [(folder / name).stat() for name in (folders.CONFIG, *folders.EXTRACTORS) if (folder / name).is_file()]
    return _described(folder, tuple((state.st_size, state.st_mtime_ns) for state in states))


@cache
def _described(folder: Path, changed: tuple) -> tuple[object, object]:  # noqa: ARG001  (other files are read anew)
    transformers = library()
    folders.examined(folder)
    with _refused(folder):
        config = transformers.AutoConfig.from_pretrained(folder, local_files_only=True, trust_remote_code=False)
    if type(config) not in transformers.AutoModel._model_mapping:
        raise UserError(f"{folder}: the library has no encoder '{config.model_type}'; give an audio encoder")
    with _refused(folder):
        how = {"local_files_only": True, "trust_remote_code": False}
        extractor = transformers.AutoFeatureExtractor.from_pretrained(folder, **how)
    if not isinstance(extractor, transformers.SequenceFeatureExtractor):
        raise UserError(
            f"{folder}: found '{config.model_type}' with {type(extractor).__name__}, expected an audio encoder, such "
            "as wav2vec2, whisper or encodec"
        )
    return config, extractor


@contextmanager
def _refused(folder: Path) -> Iterator[None]:
    """Turn whatever the library raises over a folder into a UserError: any of its parts may fail over what is in there.

    Its warnings, such as of published networks' empty mel bands, are not for the reader.
    """
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            yield
    except UserError:
        raise
    except Exception as error:
        reason = " ".join(str(error).split())[:300]
        raise UserError(
            f"{folder}: the library cannot open it as an audio encoder ({type(error).__name__}: {reason}); "
            "correct or get the folder again"
        ) from None


def empty(folder: Path) -> Encoder:
    """Return the encoder of a folder without any weights, on torch's device "meta"; raises UserError."""
    with torch.device("meta"):
        return _begun(folder, 0)


def untrained(folder: Path, seed: int) -> Encoder:
    """Return the encoder of a folder as the library starts it; the global generator is left as it is."""
    empty(folder)  # its size is known before there is memory for it
    return _begun(folder, seed)


def _begun(folder: Path, seed: int) -> Encoder:
    config, extractor = described(folder)
    config = copy.deepcopy(config)  # which the library changes
    with _refused(folder), torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)
        model = library().AutoModel.from_config(config, dtype=torch.float32, **_attention(config))
        if (n := n_values(model)) > MOST_WEIGHTS:
            raise UserError(f"{folder}: its network has {n} weights, expected at most {MOST_WEIGHTS}")
        return encoder_of(model.eval(), extractor)


def trained(folder: Path) -> Encoder:
    """Return the encoder with the weights in a folder; raises UserError for other weights than its configuration's."""
    config, extractor = described(folder)
    n_needed, n_stored = n_values(empty(folder)), _n_stored(folder)
    if n_needed > n_stored:
        raise UserError(
            f"{folder}: its configuration needs {n_needed} weights, its files have {n_stored}; get the folder again"
        )
    with _refused(folder), torch.random.fork_rng(devices=[]):
        how = {"local_files_only": True, "trust_remote_code": False, "use_safetensors": True, "dtype": torch.float32}
        how |= {"config": copy.deepcopy(config), "output_loading_info": True} | _attention(config)
        model, found = library().AutoModel.from_pretrained(folder, **how)
        encoder = encoder_of(model.eval(), extractor)
    own = {f"{encoder.prefix}{name}" for name in encoder.network.state_dict()}
    learned = {f"{encoder.prefix}{name}" for name, tensor in encoder.network.named_parameters() if tensor.requires_grad}
    needed = {name for name in own if name in learned or "running_" in name}
    lacking = sorted(name for name in found["missing_keys"] if name in needed and not name.endswith(UNUSED))
    if lacking:
        raise UserError(
            f"{folder}: its weights lack {len(lacking)} tensors of the encoder: {', '.join(lacking[:3])}; get the "
            "folder again"
        )
    return encoder


def _n_stored(folder: Path) -> int:
    """Return how many numbers there are in a folder's files of weights; raises UserError for damaged ones."""
    from safetensors import safe_open

    with _refused(folder):
        n = 0
        for path in folders.stored(folder):
            with safe_open(path, framework="pt") as opened:
                n += sum(math.prod(opened.get_slice(name).get_shape()) for name in opened.keys())  # noqa: SIM118
        return n


def _attention(config) -> dict:
    """Return which code for attention is used, which a configuration could otherwise name."""
    transformers = library()
    kind = transformers.AutoModel._model_mapping[type(config)]
    kinds = kind if isinstance(kind, tuple) else (kind,)
    return {"attn_implementation": "sdpa" if all(getattr(one, "_supports_sdpa", False) for one in kinds) else "eager"}


def encoder_of(model: nn.Module, extractor) -> Encoder:
    """Return the encoder of a whole network of the library; raises UserError where it takes no sounds."""
    if all(hasattr(model, part) for part in ("encoder", "quantizer", "encode")):
        return Codec(model, "", extractor)
    network, prefix = model, ""
    for part in ("audio_model", "encoder"):
        if hasattr(model, part) and (part == "audio_model" or model.config.is_encoder_decoder):
            network, prefix = getattr(model, part), f"{part}."
            break
    if getattr(network, "main_input_name", "") not in INPUTS:
        raise UserError(
            f"weights: {type(network).__name__} takes {getattr(network, 'main_input_name', 'no sounds')}, expected an "
            "audio encoder, such as wav2vec2, whisper or encodec"
        )
    kind = KINDS.get(network.config.model_type, Encoder)
    if kind is Encoder and _fills_up(extractor):
        raise UserError(
            f"weights: {type(extractor).__name__} pads sounds to one length, and which frames of "
            f"{type(network).__name__} are the sound's is not known here; give another audio encoder"
        )
    return kind(network, prefix, extractor)


def _fills_up(extractor) -> bool:
    """Return whether a feature extractor makes as much of a long sound as of a short one."""
    rate = extractor.sampling_rate
    sounds = [np.sin(np.arange(n, dtype=np.float32)) for n in (rate // 4, rate // 2)]
    made = [extractor([sound], sampling_rate=rate, return_tensors="np") for sound in sounds]
    return all(made[0][name].shape == made[1][name].shape for name in made[0] if name in INPUTS)
