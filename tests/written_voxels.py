"""Voxel files as they are packaged with Tuckute et al. 2023, written small, and tables as pandas 1.1 pickled them.

No published file is at hand, so this follows the code that wrote them: structured arrays with names as bytes, NaN for
missing repetitions, sounds in an order of their own, and pickles whose every class reference and state is that of
pandas 1.1 and numpy 1.19 in pickle protocol 4.
"""

import contextlib
import pickle
import sqlite3
from pathlib import Path

import numpy as np
import pandas as pd
import scipy.io

REGIONS = ["Primary", "Anterior", "Lateral", "Posterior", np.nan]
N_FEW = 4  # voxels of NH2015 with fewer than three repetitions


class Name:
    """A reference to a class or function that need not exist here."""

    def __init__(self, module, name):
        self.module, self.name = module, name


class Made:
    """function(*args), then its state set; `new` for what is made by cls.__new__."""

    def __init__(self, function, args, state=None, new=False):
        self.function, self.args, self.state, self.new = function, args, state, new


class Writer(pickle._Pickler):
    """Writes Name and Made as the pickler of the time wrote the objects that they stand for."""

    dispatch = pickle._Pickler.dispatch.copy()

    def save_name(self, name):
        self.save(name.module)
        self.save(name.name)
        self.write(pickle.STACK_GLOBAL)
        self.memoize(name)

    def save_made(self, made):
        self.save(made.function)
        self.save(made.args)
        self.write(pickle.NEWOBJ if made.new else pickle.REDUCE)
        self.memoize(made)
        if made.state is not None:
            self.save(made.state)
            self.write(pickle.BUILD)

    dispatch[Name], dispatch[Made] = save_name, save_made


RECONSTRUCT, NDARRAY = Name("numpy.core.multiarray", "_reconstruct"), Name("numpy", "ndarray")
DTYPE, SLICE = Name("numpy", "dtype"), Name("builtins", "slice")
NEW_INDEX, INDEX = Name("pandas.core.indexes.base", "_new_Index"), Name("pandas.core.indexes.base", "Index")
RANGE_INDEX = Name("pandas.core.indexes.range", "RangeIndex")
INT64_INDEX = Name("pandas.core.indexes.numeric", "Int64Index")
MANAGER = Name("pandas.core.internals.managers", "BlockManager")
FRAME = Name("pandas.core.frame", "DataFrame")


def array(values):
    """numpy 1.19's pickle of an array: bytes as they lie in memory, or objects, always row by row."""
    is_object = values.dtype == object
    order = "|" if is_object or values.dtype.itemsize == 1 else "<"
    code = "O8" if is_object else values.dtype.str[1:]
    dtype = Made(DTYPE, (code, False, True), (3, order, None, None, None, -1, -1, 63 if is_object else 0))
    by_columns = values.flags.f_contiguous and not values.flags.c_contiguous
    data = values.ravel().tolist() if is_object else values.tobytes("A")
    return Made(RECONSTRUCT, (NDARRAY, (0,), b"b"), (1, values.shape, dtype, by_columns, data))


def index(labels):
    return Made(NEW_INDEX, (INDEX, {"data": array(np.array(labels, object)), "name": None}))


def old_pickle(path, table, rows="range"):
    """Write `table` as pandas 1.1 did: a block per type, and one for each column of words that was added later."""
    columns = list(table)
    kinds = {}
    for place, name in enumerate(columns):
        kind = table[name].to_numpy().dtype
        kinds.setdefault(f"{name}" if name.startswith("roi") else str(kind), []).append(place)
    values = [array(np.ascontiguousarray(table.iloc[:, at].to_numpy()).T) for at in kinds.values()]
    places = [_places(at) for at in kinds.values()]
    if rows == "range":
        row_axis = Made(NEW_INDEX, (RANGE_INDEX, {"name": None, "start": 0, "stop": len(table), "step": 1}))
    else:
        row_axis = Made(NEW_INDEX, (INT64_INDEX, {"data": array(np.arange(len(table))), "name": None}))
    axes = [index(columns), row_axis]
    items = [index([columns[place] for place in at]) for at in kinds.values()]
    blocks = [{"values": value, "mgr_locs": place} for value, place in zip(values, places, strict=True)]
    manager = Made(MANAGER, (), (axes, values, items, {"0.14.1": {"axes": axes, "blocks": blocks}}), new=True)
    state = {"_mgr": manager, "_typ": "dataframe", "_metadata": [], "attrs": {}}
    write(path, Made(FRAME, (), state, new=True))


def write(path, content):
    with Path(path).open("wb") as stream:
        Writer(stream, 4).dump(content)


def _places(at):
    steps = set(np.diff(at).tolist())
    if len(steps) > 1:
        return array(np.array(at))
    step = steps.pop() if steps else 1
    return Made(SLICE, (at[0], at[-1] + 1, step))


def region_table(n_voxels, ids, seed):
    """What df_roi_meta holds of each voxel."""
    rng = np.random.default_rng(seed)
    x, y = (2 * rng.integers(20, 60, n_voxels) for _ in range(2))
    columns = {
        "subj_idx": np.arange(n_voxels) % 8 + 1,
        "hemi": np.array(["rh", "lh"], object)[np.arange(n_voxels) // 8 % 2],
        "x_ras": x,
        "y_ras": y,
        "voxel_id": ids,
        "kell_r_reliability": rng.random(n_voxels),
        "coord_id": np.array([f"{a}_{b}" for a, b in zip(x, y, strict=True)], object),
        "shared_by": rng.integers(1, 8, n_voxels).astype(float),
        "roi_label_specific": np.array([np.nan] * n_voxels, object),
        "roi_label_general": np.array([REGIONS[i % 5] for i in range(n_voxels)], object),
    }
    return pd.DataFrame({name: pd.Series(column, dtype=column.dtype) for name, column in columns.items()})


def measured(rng, n_sounds, n_voxels):
    """Responses (n_sounds, n_voxels, 3): something of the sound, and noise."""
    return rng.standard_normal((n_sounds, n_voxels, 1)) + 0.7 * rng.standard_normal((n_sounds, n_voxels, 3))


def nh2015(folder, sounds, n_voxels=40, seed=0):
    """NH2015's four files in `folder`/data/neural/NH2015; returns responses, list of voxels and regions as written.

    Sounds in an order of their own; the voxels with too few repetitions lie among the others.
    """
    rng = np.random.default_rng(seed)
    inner = Path(folder) / "data/neural/NH2015"
    inner.mkdir(parents=True)
    stimuli = np.zeros(len(sounds), [("filename", "S60"), ("id", "i8"), ("fmri_stim_idx", "i8"), ("note", "S5")])
    stimuli["filename"] = [f"{name}.wav".encode() for name in sounds]
    stimuli["id"] = np.arange(len(sounds))
    fields = [("voxel_id", "i8"), ("subj_idx", "i8"), ("hemi", "S2"), ("x_ras", "i8"), ("y_ras", "i8")]
    meta = np.zeros(n_voxels + N_FEW, [*fields, ("n_reps", "i8")])
    few = np.sort(rng.choice(len(meta), N_FEW, replace=False))
    repeated = np.setdiff1d(np.arange(len(meta)), few)
    regions = region_table(n_voxels, 1000 + 3 * repeated, seed)
    meta["voxel_id"], meta["n_reps"], meta["hemi"] = 1000 + 3 * np.arange(len(meta)), 3, b"rh"
    meta["n_reps"][few] = [1, 2] * (N_FEW // 2)
    for name in ("subj_idx", "x_ras", "y_ras"):
        meta[name][repeated] = regions[name]
    meta["hemi"][repeated] = regions["hemi"].astype("S2")
    responses = measured(rng, len(sounds), len(meta))
    for voxel in few:
        responses[:, voxel, meta["n_reps"][voxel] :] = np.nan
    np.save(inner / "neural_stim_meta.npy", stimuli)
    np.save(inner / "voxel_features_meta.npy", meta)
    np.save(inner / "voxel_features_array.npy", responses)
    old_pickle(inner / "df_roi_meta.pkl", regions)
    return responses, meta, regions


def b2021(folder, sounds, n_voxels=40, seed=1):
    """B2021's four files in `folder`/data/neural/B2021: 27 more sounds, bare voxel ids; returns what was written."""
    rng = np.random.default_rng(seed)
    inner = Path(folder) / "data/neural/B2021"
    inner.mkdir(parents=True)
    names = [*sounds, *(f"stim{900 + number}_more_music" for number in range(27))]
    cells = np.empty((len(names), 1), object)
    cells[:, 0] = [np.array([name]) for name in names]
    scipy.io.savemat(inner / "stim_info_v4.mat", {"stim_info": {"stim_names": cells, "cat_assignment": np.ones(3)}})
    regions = region_table(n_voxels, np.arange(n_voxels), seed)
    responses = measured(rng, len(names), n_voxels)
    np.save(inner / "voxel_features_meta.npy", np.arange(n_voxels))
    np.save(inner / "voxel_features_array.npy", responses)
    old_pickle(inner / "df_roi_meta.pkl", regions, rows="numbers")
    return responses, regions


def junifer(folder: Path, names: list[str]) -> None:
    """A junifer storage of two subjects and three regions, and the file that says what it is."""
    random = np.random.default_rng(5)
    rows = [
        {"subject": subject, "sound": name, "lh_Primary": a, "rh_Anterior": b, "TE3": c}
        for subject in ("sub-01", "sub-02")
        for name, (a, b, c) in zip(reversed(names), random.random((len(names), 3)), strict=True)
    ]
    junifer_storage(folder / "responses.sqlite", pd.DataFrame(rows))
    (folder / "dataset.yml").write_text("citation: made by a test\nsynthetic: true\n")


def junifer_storage(path: Path, table: pd.DataFrame, marker: str = '{"class": "ParcelAggregation"}') -> None:
    """`table` in the layout of junifer's SQLite storage."""
    path.unlink(missing_ok=True)
    meta = {"meta_md5": "0a1b", "marker": marker, "_element_keys": '["subject", "sound"]'}
    with contextlib.closing(sqlite3.connect(path)) as connection:
        pd.DataFrame([meta]).to_sql("meta", connection, index=False)
        table.to_sql("meta_0a1b", connection, index=False)
        connection.commit()
