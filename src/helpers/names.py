"""The vocabulary: dimension names, orders and numberings that every other room uses."""

SAMPLE_RATE = 24_000  # Hz, of every waveform inside the project

# Dimensions and coordinates of labelled arrays
SOUND, SAMPLE, UNIT, TARGET = "sound", "sample", "unit", "target"
REPETITION, SPLIT, LAYER, BRANCH = "repetition", "split", "layer", "branch"
MODEL, STEP, TOWER, ESTIMATOR, METRIC = "model", "step", "tower", "estimator", "metric"
SUBJECT = "subject"
OUTPUT = "output"  # dimension of what whole towers put out; `tower` labels layers and cannot be a dimension beside it

# The two residual streams of a ResiDual transformer (Xie et al. 2023): the layer-normed one and the running sum
BRANCHES = ("left", "right")

# The six components of Norman-Haignere et al. 2015, in the order and spelling of the published file
COMPONENTS = ("lowfreq", "highfreq", "envsounds", "pitch", "speech", "music")

REGIONS = ("Primary", "Anterior", "Lateral", "Posterior")
HEMISPHERES = ("lh", "rh")

# Sound categories of NH2015 with their counts, 165 in all
CATEGORIES = {
    "Music": 24, "Song": 11, "EngSpeech": 10, "ForSpeech": 7, "HumVoc": 13, "AniVoc": 10,
    "HumNonVoc": 15, "AniNonVoc": 5, "Nature": 4, "Mechanical": 39, "EnvSound": 27,
}  # fmt: skip

LANGUAGES = ("es", "en")


class UserError(ValueError):
    """Something a user can mend: the message says what came, what was expected and what to do; exit code 2."""
