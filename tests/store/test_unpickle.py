"""Pickled tables: those of pandas 1.1 and of today are read, and nothing that a pickle asks for is ever run."""

import os
import pickle
import pickletools

import numpy as np
import pandas as pd
import pytest

import written_voxels as written
from helpers.errors import UserError
from helpers.store import unpickle

TABLE = written.region_table(23, np.arange(23) * 7, seed=3)


def same(found, expected):
    assert list(found) == list(expected) and len(found) == len(expected)
    for name in expected:
        left, right = (table[name].astype(object).where(table[name].notna(), None) for table in (found, expected))
        assert left.tolist() == right.tolist(), name


@pytest.mark.parametrize("rows", ["range", "numbers"])
def test_a_table_of_pandas_1_1_is_read(tmp_path, rows):
    path = tmp_path / "df_roi_meta.pkl"
    written.old_pickle(path, TABLE, rows)
    found = unpickle.frame(path)
    same(found, TABLE)
    assert found["x_ras"].dtype.kind == "i" and found["shared_by"].dtype == np.float64


def test_what_this_test_writes_is_what_pandas_itself_takes_for_a_table_of_its_past(tmp_path):
    path = tmp_path / "df_roi_meta.pkl"
    written.old_pickle(path, TABLE)
    same(pd.read_pickle(path), TABLE)
    names = [argument for opcode, argument, _ in pickletools.genops(path.read_bytes()) if "UNICODE" in opcode.name]
    assert {"pandas.core.internals.managers", "0.14.1", "numpy.core.multiarray"} <= set(names)


@pytest.mark.parametrize("protocol", [3, 4, 5])
@pytest.mark.parametrize("text", ["object", "str"])
def test_tables_of_todays_pandas_are_read(tmp_path, protocol, text):
    table = TABLE.assign(hemi=TABLE["hemi"].astype(text), flag=np.arange(23) % 2 == 0, byte=np.uint8(200))
    table["roi_label_general"] = table["roi_label_general"].astype(text)
    path = tmp_path / "table.pkl"
    table[::-1].to_pickle(path, protocol=protocol)
    same(unpickle.frame(path), table[::-1])


@pytest.mark.parametrize("protocol", [3, 4, 5])
@pytest.mark.parametrize("order", ["C", "F"])
@pytest.mark.parametrize("kind", [object, float])
def test_values_that_lie_by_rows_or_by_columns_in_memory_are_read(tmp_path, protocol, order, kind):
    values = np.array(np.arange(12).reshape(4, 3), dtype=kind, order=order)
    path = tmp_path / "table.pkl"
    table = pd.DataFrame(values, columns=list("abc"))
    table.to_pickle(path, protocol=protocol)
    same(unpickle.frame(path), table)


def test_numbers_and_words_of_numpy_in_a_column_are_read(tmp_path):
    table = pd.DataFrame({"label": pd.Series([np.str_("Primary"), np.float64(1.5), None], dtype=object)})
    path = tmp_path / "table.pkl"
    table.to_pickle(path)
    assert unpickle.frame(path)["label"].tolist() == ["Primary", 1.5, None]


class Hostile:
    def __init__(self, function, *args):
        self.function, self.args = function, args

    def __reduce__(self):
        return self.function, self.args


@pytest.mark.parametrize(
    ("function", "argument", "name"),
    [(os.system, "touch {}", "posix.system"), (eval, "open('{}', 'w')", "builtins.eval")],
)
def test_a_pickle_that_would_run_something_is_refused_by_name(tmp_path, function, argument, name):
    path, trace = tmp_path / "df_roi_meta.pkl", tmp_path / "it_ran"
    path.write_bytes(pickle.dumps({"table": Hostile(function, argument.format(trace))}))
    with pytest.raises(UserError, match=rf"df_roi_meta\.pkl asks for {name}, which is not allowed"):
        unpickle.frame(path)
    assert not trace.exists()


def test_even_what_is_allowed_is_not_run(tmp_path):
    """A slice where a table belongs, and a bytearray of a length that would take the machine's memory."""
    path = tmp_path / "table.pkl"
    written.write(path, written.Made(written.Name("builtins", "bytearray"), (10**15,)))
    with pytest.raises(UserError, match=r"found no table that pandas wrote.*bytearray where DataFrame belongs"):
        unpickle.frame(path)
    written.write(path, written.Made(written.FRAME, ([[1, 2]],), new=True))
    with pytest.raises(UserError, match="no table"):
        unpickle.frame(path)


@pytest.mark.parametrize(
    "greedy", [b"K\x01r\xff\xff\xff\xff.", b"\x8e" + b"\xff" * 7 + b"\x7f.", b"\x96" + b"\0" * 6 + b"\xff\0."]
)
def test_a_few_bytes_cannot_claim_the_memory(tmp_path, greedy):
    path = tmp_path / "table.pkl"
    path.write_bytes(b"\x80\x05" + greedy)
    with pytest.raises(UserError, match=r"table\.pkl: found no table"):
        unpickle.frame(path)


@pytest.mark.parametrize("other", [pd.Series([1, 2]), {"a": 1}, [1, 2], "text", np.arange(3)])
def test_other_pickles_are_refused(tmp_path, other):
    path = tmp_path / "other.pkl"
    path.write_bytes(pickle.dumps(other))
    with pytest.raises(UserError, match=r"other\.pkl"):
        unpickle.frame(path)


@pytest.mark.parametrize(
    "column",
    [pd.Categorical(["a", "b"]), pd.to_datetime(["2020-01-01", "2021-01-01"]), pd.Series([{}, []], dtype=object)],
    ids=["category", "date", "containers"],
)
def test_columns_of_other_types_are_refused(tmp_path, column):
    path = tmp_path / "table.pkl"
    pd.DataFrame({"column": column}).to_pickle(path)
    with pytest.raises(UserError, match=r"table\.pkl"):
        unpickle.frame(path)


def test_damage_anywhere_is_a_message_not_a_crash(tmp_path):
    whole = tmp_path / "whole.pkl"
    written.old_pickle(whole, TABLE)
    content = whole.read_bytes()
    path = tmp_path / "table.pkl"
    for length in range(0, len(content), 97):
        path.write_bytes(content[:length])
        with pytest.raises(UserError, match=r"table\.pkl"):
            unpickle.frame(path)
    rng = np.random.default_rng(0)
    for _ in range(200):
        damaged = bytearray(content)
        damaged[rng.integers(len(content))] = rng.integers(256)
        path.write_bytes(damaged)
        try:
            unpickle.frame(path)  # a changed number is still a table
        except UserError as error:
            assert "table.pkl" in str(error)


def test_values_that_do_not_fit_their_shape_are_refused(tmp_path):
    path = tmp_path / "table.pkl"
    short = TABLE.copy()
    written.old_pickle(path, short)
    content = path.read_bytes()
    path.write_bytes(content.replace(b"stop\x94K\x17", b"stop\x94K\x16"))
    assert path.read_bytes() != content
    with pytest.raises(UserError, match="rows do not fit"):
        unpickle.frame(path)


def test_a_missing_file_is_named(tmp_path):
    with pytest.raises(UserError, match=r"gone\.pkl: found No such file"):
        unpickle.frame(tmp_path / "gone.pkl")
