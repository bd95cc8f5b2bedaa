"""Family `basic_pitch`: a small convolutional network that finds notes, their onsets and pitch contours in music.

Source: Bittner, Bosch, Rubinstein, Meseguer-Brocal & Ewert 2022, ICASSP. Weights: the wheel basic-pitch 0.4.0.
"""

from __future__ import annotations

from pathlib import Path

import torch
import torch.nn.functional as F
import xarray as xr
from torch import Tensor, nn

from helpers import text
from helpers.models import listener
from helpers.models.base import MUSIC, Card
from helpers.models.weights import filled, glorot
from helpers.models.wheels import onnx
from helpers.models.wheels.listener import WheelListener
from helpers.models.wheels.wheel import Member, read

__all__ = ["RATE", "BasicPitch", "Settings", "example", "open"]

RATE, HOP = 22_050, 256
WINDOW = 43_844  # samples, which the network takes at a time: 172 frames
EDGE = 15  # frames at either end of a window that are not used where windows overlap
STEP = WINDOW - 2 * EDGE * HOP  # samples from one window to the next
FRAME_RATE = RATE // HOP  # per second: by which the original counts the frames of a sound, rounded down

PER_OCTAVE, OCTAVES, TAPS = 36, 9, 256  # bins, halvings of the rate and one, samples of a filter
BINS = 309  # the highest of all
LEAST_POWER = 1e-10
SHIFTS = (-36, 0, 36, 57, 72, 84, 93, 101)  # bins: half the frequency, itself, and twice to seven times it
CONTOUR_BINS, NOTES = 264, 88

MEMBER = Member(
    "basic-pitch",
    "basic_pitch/saved_models/icassp_2022/nmp.onnx",
    230444,
    "2c3c1d144bfa61ad236e92e169c13535c880469a12a047d4e73451f2c059a0ec",
)

text.words(
    "trained_on",
    en={"basic_pitch": "MAESTRO, GuitarSet, MedleyDB-Pitch, iKala and Slakh: notes of music"},
    es={"basic_pitch": "MAESTRO, GuitarSet, MedleyDB-Pitch, iKala y Slakh: notas de música"},
)
CITATION = (
    "Bittner, Bosch, Rubinstein, Meseguer-Brocal & Ewert (2022), A lightweight instrument-agnostic model for "
    "polyphonic note transcription and multipitch estimation, ICASSP"
)


class Settings(listener.Settings):
    """Settings of an entry of this family."""


class ConstantQ(nn.Module):
    """Constant-Q magnitudes (window, time, bin) of waveforms (window, sample), with filters from the wheel.

    One octave of filters is applied to the sound at its rate, at half of it, and so on.
    """

    def __init__(self):
        super().__init__()
        self.register_buffer("real", torch.zeros(PER_OCTAVE, 1, TAPS))
        self.register_buffer("imaginary", torch.zeros(PER_OCTAVE, 1, TAPS))
        self.register_buffer("lowpass", torch.zeros(1, 1, TAPS))
        self.register_buffer("root_lengths", torch.zeros(BINS))

    def forward(self, waveforms: Tensor) -> Tensor:
        x, octaves = waveforms[:, None], []
        for octave in range(OCTAVES):
            if octave:
                x = F.conv1d(x, self.lowpass, stride=2, padding=TAPS // 2 - 1)
            centred, hop = F.pad(x, (TAPS // 2, TAPS // 2), mode="reflect"), HOP >> octave
            octaves.insert(0, [F.conv1d(centred, filters, stride=hop) for filters in (self.real, self.imaginary)])
        parts = (torch.cat(part, 1)[:, -BINS:].mT * self.root_lengths for part in zip(*octaves, strict=True))
        return sum(part.square() for part in parts).sqrt()


def normalized_log(magnitude: Tensor) -> Tensor:
    """Return magnitudes (window, time, bin) in dB, from 0 for the least in each window to 1 for the largest.

    A window in which all are equal, such as silence, gives 0.
    """
    decibels = 10 * torch.log10(magnitude.square() + LEAST_POWER)
    above = decibels - decibels.amin((1, 2), keepdim=True)
    largest = above.amax((1, 2), keepdim=True)
    return torch.where(largest == 0, 0.0, above / largest)


class Scale(nn.Module):
    """One gain and one shift of all values, which is what the batch normalisation of the input became."""

    def __init__(self):
        super().__init__()
        self.weight, self.bias = nn.Parameter(torch.ones(1)), nn.Parameter(torch.zeros(1))

    def forward(self, x: Tensor) -> Tensor:
        return self.weight * x + self.bias


def stacked(x: Tensor) -> Tensor:
    """Return harmonics as channels (window, channel, time, bin) of spectra (window, time, bin).

    At each bin each channel has another harmonic of its frequency; beyond the ends there are zeros.
    """
    before, after = -min(SHIFTS), max(SHIFTS)
    padded = F.pad(x, (before, after))
    harmonics = [padded[..., before + shift :][..., :CONTOUR_BINS] for shift in SHIFTS]
    return torch.stack(harmonics, -1).movedim(-1, 1)  # last in memory: the widest convolution is faster so


class BasicPitch(nn.Module):
    """Contours of pitch from a stack of harmonics, notes from contours, onsets from the stack and notes.

    The network takes windows of 43844 samples. Longer sounds are processed as in the original's inference: in windows
    36164 samples apart after 15 frames of silence, without 15 frames at either end of each. Joined windows then share
    188 samples, less than a frame; the first floor(86 x seconds) frames are kept. Any other sound is one window, filled
    up with silence at its end, of which the frames centred within the sound are kept. Decibels are normalised within
    each window, so that its silence matters to all of its values.
    """

    LAYERS = ("contour_conv", "contour", "note_conv", "note", "onset_conv", "onset")
    WIDTHS = (CONTOUR_BINS * 8, CONTOUR_BINS, NOTES * 32, NOTES, NOTES * 32, NOTES)  # bins x channels

    def __init__(self):
        super().__init__()
        self.cqt, self.norm = ConstantQ(), Scale()
        self.contour_conv = nn.Conv2d(len(SHIFTS), 8, (3, 39), padding=(1, 19))
        self.contour = nn.Conv2d(8, 1, 5, padding=2)
        self.note_conv = nn.Conv2d(1, 32, 7, stride=(1, 3), padding=(3, 2))
        self.note = nn.Conv2d(32, 1, (7, 3), padding=(3, 1))
        self.onset_conv = nn.Conv2d(len(SHIFTS), 32, 5, stride=(1, 3), padding=(2, 1))
        self.onset = nn.Conv2d(33, 1, 3, padding=1)

    def forward(self, waveforms: Tensor) -> dict[str, Tensor]:
        n_samples = waveforms.shape[1]
        if n_samples > WINDOW:
            return self.inference(waveforms)
        stages = self.of_windows(F.pad(waveforms, (0, WINDOW - n_samples)))
        return {name: stage[:, : 1 + n_samples // HOP] for name, stage in stages.items()}

    def inference(self, waveforms: Tensor) -> dict[str, Tensor]:
        """Return the stages of whole sounds (sound, sample) from overlapping windows."""
        n_sounds, n_samples = waveforms.shape
        before = EDGE * HOP
        n_windows = -(-(before + n_samples) // STEP)
        padded = F.pad(waveforms, (before, n_windows * STEP + WINDOW - STEP - before - n_samples))
        windows = padded.unfold(1, WINDOW, STEP)
        n_frames = n_samples * FRAME_RATE // RATE
        return {
            name: stage[:, EDGE:-EDGE].unflatten(0, (n_sounds, n_windows)).flatten(1, 2)[:, :n_frames]
            for name, stage in self.of_windows(windows.flatten(0, 1)).items()
        }

    def of_windows(self, windows: Tensor) -> dict[str, Tensor]:
        """Return the stages of windows (window, WINDOW samples), each by itself."""
        cqt = self.cqt(windows)
        return {"cqt": cqt} | self.from_cqt(cqt)

    def from_cqt(self, cqt: Tensor) -> dict[str, Tensor]:
        """Return the stages (window, time, bin[, channel]) of constant-Q magnitudes (window, time, bin)."""
        log = normalized_log(cqt)
        scaled = self.norm(log)
        harmonics = stacked(scaled)
        contour_conv = F.relu(self.contour_conv(harmonics))
        contour = torch.sigmoid(self.contour(contour_conv))
        note_conv = F.relu(self.note_conv(contour))
        note = torch.sigmoid(self.note(note_conv))
        onset_conv = F.relu(self.onset_conv(harmonics))
        onset = torch.sigmoid(self.onset(torch.cat([note, onset_conv], 1)))
        many = {
            "harmonic_stacking": harmonics,
            "contour_conv": contour_conv,
            "note_conv": note_conv,
            "onset_conv": onset_conv,
        }
        single = {"contour": contour, "note": note, "onset": onset}
        return (
            {"normalized_log": log, "batch_normalization": scaled}
            | {name: stage.permute(0, 2, 3, 1) for name, stage in many.items()}
            | {name: stage[:, 0] for name, stage in single.items()}
        )


PLACES = {  # name here -> how the name in the file begins, which goes on with what the converter merged there
    "cqt.real": "const_fold_opt__655",
    "cqt.imaginary": "const_fold_opt__664",
    "cqt.lowpass": "const_fold_opt__734",
    "cqt.root_lengths": "model_1/cq_t2010v2_1/Sqrt",
    "norm.weight": "model_1/batch_normalization/FusedBatchNormV3",
    "norm.bias": "model_1/batch_normalization/FusedBatchNormV3;model_1/batch_normalization/FusedBatchNormV31",
    "contour_conv.weight": "const_fold_opt__727",
    "contour_conv.bias": "model_1/re_lu_1/Relu",
    "contour.weight": "const_fold_opt__710",
    "contour.bias": "model_1/contours-reduced/BiasAdd",
    "note_conv.weight": "const_fold_opt__738",
    "note_conv.bias": "model_1/conv2d_2/BiasAdd",
    "note.weight": "const_fold_opt__702",
    "note.bias": "model_1/conv2d_3/BiasAdd",
    "onset_conv.weight": "const_fold_opt__707",
    "onset_conv.bias": "model_1/re_lu_3/Relu",
    "onset.weight": "const_fold_opt__680",
    "onset.bias": "model_1/conv2d_5/BiasAdd",
}


def network() -> BasicPitch:
    """Return the network with any weights."""
    with torch.random.fork_rng(devices=[]):  # leave the global generator as it is
        return BasicPitch()


def trained() -> BasicPitch:
    """Return the network with its trained weights; raises UserError for a damaged file."""
    what, own = "the weights of basic_pitch", network().eval()
    stored = onnx.read(read(MEMBER), what)
    state = {}
    for here, tensor in own.state_dict().items():
        if found := sorted((name for name in stored if name.startswith(PLACES[here])), key=len):
            one = stored[found[0]]  # the shortest name: a longer one may begin with it
            sequence_as_image = here.startswith("cqt.") and one.numel() == tensor.numel()  # of one row
            state[here] = one.reshape(tensor.shape) if sequence_as_image else one
    return filled(own, state, what)


class BasicPitchModel(WheelListener):
    """The transcriber of notes."""

    front_end = ("cqt.",)
    members = (MEMBER,)
    seconds = 0.034
    layers_of = {name: (name,) for name in BasicPitch.LAYERS}  # noqa: RUF012
    widths = list(BasicPitch.WIDTHS)  # noqa: RUF012

    def empty(self) -> BasicPitch:
        return network()

    def trained(self, step: int) -> BasicPitch:  # noqa: ARG002
        return trained()

    def untrained(self, step: int, seed: int) -> BasicPitch:  # noqa: ARG002
        return glorot(trained(), seed)  # which leaves the filters of the front end as they are


def open(
    name: str,
    settings: Settings,
    waveforms: xr.DataArray,
    folder: Path,  # noqa: ARG001  (nothing is trained)
    seed: int,  # noqa: ARG001
    device: str,
    batch_size: int,
) -> BasicPitchModel:
    """Return the model of an entry, nothing downloaded yet."""
    card = Card(MUSIC, "basic_pitch", "convolutional", "Apache 2.0", CITATION)
    return BasicPitchModel(name, settings, waveforms, card, device, batch_size)


def example(folder: Path) -> dict:  # noqa: ARG001
    """Return settings of a model small enough for tests."""
    return {}
