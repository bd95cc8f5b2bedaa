"""What lies around a study: other programs' files, strange paths, file systems without locks, proxies, terminals."""

import errno
import io
import os
import re
import shutil
import socket
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import pytest
import yaml

import small_study
from conftest import ROOT
from helpers import brain
from helpers.__main__ import main
from helpers.batch import watch
from helpers.errors import UserError
from helpers.models.encodecmae import published
from helpers.models.encodecmae.targets import codes_of
from helpers.report import kernels, notebooks
from helpers.store import files, results, transfer
from helpers.store.own import is_own
from helpers.store.terminal import show_anyway
from helpers.study import params

# What other programs leave in folders

LEFT = [
    ".DS_Store",
    "._x.py",
    "x.py~",
    "#x.py#",
    ".#x.py",
    ".x.py.swp",
    "x.yml.orig",
    "Thumbs.db",
    ".ipynb_checkpoints",
]


@pytest.mark.parametrize("name", LEFT)
def test_what_other_programs_leave_in_a_folder_is_not_ours(name):
    assert not is_own(name)


def test_what_anybody_would_call_a_file_is_ours():
    assert all(map(is_own, ["common.yml", "año nuevo.wav", "a~b.py", "#bell.wav", "x.y.z", "__init__.py", "-"]))


@pytest.fixture
def littered(tmp_path):
    """A copy of the checkout's files with litter in every folder."""
    copy = tmp_path / "copy"
    for part in ("src", "notebooks", "params"):
        shutil.copytree(ROOT / part, copy / part, ignore=shutil.ignore_patterns("__pycache__", "*.egg-info"))
    for folder in [path for path in copy.rglob("*") if path.is_dir()]:
        (folder / ".DS_Store").write_bytes(b"\0\0\0\1Bud1\xff\xfe")
        own = [path for path in folder.iterdir() if path.is_file() and path.name != ".DS_Store"]
        (folder / ".ipynb_checkpoints").mkdir()
        for path in own:
            for name in (f"._{path.name}", f"{path.name}~", f"#{path.name}#", f".ipynb_checkpoints/{path.name}"):
                (folder / name).write_bytes(b"\0\5\26\7\xff = x: [")
    return copy


def test_litter_in_any_folder_of_the_tree_changes_nothing(littered, tmp_path):
    small_study.write_study(tmp_path, ["00_question"])
    environment = os.environ | {"PYTHONPATH": str(littered / "src")}
    command = [
        sys.executable,
        "-P",
        "-m",
        "helpers",
        "report",
        str(tmp_path / "small.yml"),
        "--outputs",
        str(tmp_path / "o"),
    ]
    done = subprocess.run(command, capture_output=True, text=True, env=environment, cwd=tmp_path)
    assert done.returncode == 0, done.stderr
    asked = "from helpers.chapters import registry as r; from helpers.store.code import code_digest as d; "
    asked += "print(list(r.chapters()), [d(*r.modules_of(n), neutral=()) for n in r.chapters()])"
    said = [
        subprocess.run([sys.executable, "-P", "-c", asked], capture_output=True, text=True, check=True,
                       env=os.environ | {"PYTHONPATH": str(place / "src")}).stdout
        for place in (littered, ROOT)
    ]  # fmt: skip
    assert said[0] == said[1] and "00_question" in said[0]


def test_litter_among_data_changes_nothing(tmp_path):
    from helpers.brain.table import matching

    for name in ("a.wav", "._a.wav", "b.wav", "b.wav~", ".DS_Store"):
        (tmp_path / name).write_bytes(b"x")
    assert list(matching.files(["a", "b"], tmp_path, tmp_path / "t.csv")) == ["a", "b"]
    for name in ("m-1.pt", "._m-2.pt", "m-3.pt~", "m-20.pt"):
        (tmp_path / name).write_bytes(b"x")
    assert list(published._matching(str(tmp_path / "*m-*"))) == [1, 20]


# A path is a path

PATHS = [
    "run#2",
    "what?",
    "a%20b",
    "[x] [0-9]",
    "con espacio",
    "an\u0303o",
    "a\u00f1o",
    "a;b&c",
    "'q\"",
    "*",
    "ends.",
    "$HOME",
]


@pytest.mark.parametrize("name", PATHS)
def test_a_folder_may_have_any_name(tmp_path, name, capsys, monkeypatch):
    place = tmp_path / name
    place.mkdir()
    small_study.write_study(place, ["00_question"])
    before = sorted(path for path in tmp_path.rglob("*"))
    assert main(["check", str(place / "small.yml"), "--outputs", str(place / "out")]) == 0, capsys.readouterr().err
    assert sorted(path for path in tmp_path.rglob("*")) == before
    monkeypatch.chdir(place)
    assert main(["check", "small.yml"]) == 0


@pytest.mark.parametrize("name", ["run#2", "a?b%20", "[x] [0-9]", "año *"])
def test_results_in_a_folder_of_any_name_are_written_read_and_cleaned(tmp_path, name):
    import xarray as xr

    path = tmp_path / name / f"{name}.nc"
    path.parent.mkdir()
    half, other = path.with_name(f".{name}-12345678.nc"), path.with_name(".0-12345678.nc")
    half.touch(), other.touch()
    with files.claimed(path):
        files.write_array(path, xr.Dataset({"a": ("x", [1.0, 2.0])}))
    assert files.read_array(path)["a"].values.tolist() == [1, 2]
    assert not half.exists() and other.exists()


def test_a_pattern_of_checkpoints_has_one_sign_with_a_meaning(tmp_path):
    place = tmp_path / "net [1]?#"
    place.mkdir()
    for step in (10, 20):
        (place / f"mix-{step}.pt").touch()
    assert list(published._matching(str(place / "mix-*.pt"))) == [10, 20]
    with pytest.raises(UserError, match="names no file"):
        published._matching(str(place / "mix-?0.pt"))


@pytest.mark.parametrize("study", ["a b#c?.yml", "[x] *.yml", "año%20;&.yml"])
def test_make_takes_a_study_with_any_signs_in_its_path(study):
    said = subprocess.run(
        ["make", "-n", "report", f"STUDY={study}"], cwd=ROOT, capture_output=True, text=True, check=True
    )
    assert f"helpers report '{study}'" in said.stdout


def test_outputs_are_relative_to_where_the_command_runs_as_data_are(tmp_path, monkeypatch):
    import argparse

    from helpers.commands.chosen import chosen

    small_study.write_study(tmp_path, ["00_question"])
    monkeypatch.chdir(tmp_path)
    there = [("results", tmp_path / "results"), (None, ROOT / "outputs"), ("../x", tmp_path / "../x")]
    there += [("./a b#", tmp_path / "a b#"), (str(tmp_path / "y"), tmp_path / "y"), ("año/z", tmp_path / "año" / "z")]
    for given, expected in there:
        options = argparse.Namespace(study="small.yml", models=[], outputs=given)
        assert chosen(options).folder == expected / "small"


# File systems without locks


def without_locks(monkeypatch, number):
    import fcntl

    def refused(*_):
        raise OSError(number, os.strerror(number))

    monkeypatch.setattr(fcntl, "flock", refused)
    monkeypatch.delenv(files.SAID, raising=False)


@pytest.mark.parametrize("number", [errno.ENOLCK, errno.EOPNOTSUPP, errno.ENOSYS])
def test_a_file_system_without_locks_is_said_once_and_works(tmp_path, monkeypatch, capsys, number):
    without_locks(monkeypatch, number)
    for name in ("a.nc", "b.nc", "a.nc"):
        with files.claimed(tmp_path / name):
            assert (tmp_path / f".{name}.soft.lock").exists()
    assert capsys.readouterr().err.count("has no locks") == 1
    assert not list(tmp_path.glob("*.soft.lock"))


def test_another_error_of_a_lock_is_not_taken_for_missing_locks(tmp_path, monkeypatch):
    without_locks(monkeypatch, errno.EIO)
    said = r"a\.nc could not be written: Input/output error.*choose another `--outputs`"
    with pytest.raises(UserError, match=said), files.claimed(tmp_path / "a.nc"):
        pass


@pytest.mark.parametrize("name", ["año nuevo.nc", "[x] #1?.nc", "deep/er/x.nc"])
def test_results_on_a_file_system_without_locks_are_whole(tmp_path, monkeypatch, name):
    import xarray as xr

    without_locks(monkeypatch, errno.EOPNOTSUPP)
    path = tmp_path / name
    with files.claimed(path):
        files.write_array(path, xr.Dataset({"a": ("x", [1.0, 2.0])}))
        assert not files.is_claimed(path), "that cannot be known there"
    assert files.read_if_whole(path)["a"].values.tolist() == [1, 2]
    assert [one.name for one in path.parent.iterdir() if not one.name.endswith(".lock")] == [path.name]


@pytest.mark.parametrize("host", ["node-17", "login.cluster.example.org", "NODO-01"])
def test_a_lock_file_of_any_machine_is_taken_over_after_its_time(tmp_path, monkeypatch, capsys, host):
    without_locks(monkeypatch, errno.ENOLCK)
    monkeypatch.setattr(files, "LEASE_S", 0.5), monkeypatch.setattr(files, "SIGN_S", 0.1)
    path = tmp_path / "x.nc"
    lock = path.with_name(".x.nc.soft.lock")
    with files.claimed(path):
        left = lock.read_text()
    assert socket.gethostname() in left
    lock.write_text(left.replace(socket.gethostname(), host))
    with files.claimed(path):
        assert host not in lock.read_text()
    assert f"(lock: {lock})" in capsys.readouterr().err and not lock.exists()


DIE = """
import fcntl, os, sys
from pathlib import Path
def refused(*_): raise OSError(38, "no locks")
fcntl.flock = refused
from helpers.store import files
files.LEASE_S, files.SIGN_S = 3.0, 0.5
with files.claimed(Path(sys.argv[1])):
    os.kill(os.getpid(), 9)
"""


@pytest.mark.parametrize("host", ["this", "another"])
def test_a_lock_file_of_a_dead_process_is_taken_over(tmp_path, monkeypatch, capsys, host):
    path = tmp_path / "x.nc"
    subprocess.run([sys.executable, "-c", DIE, str(path)], env=os.environ | {"PYTHONPATH": str(ROOT / "src")})
    lock = path.with_name(".x.nc.soft.lock")
    if host == "another":
        lock.write_text(lock.read_text().replace(socket.gethostname(), "another-node"))
    without_locks(monkeypatch, errno.ENOSYS)
    monkeypatch.setattr(files, "LEASE_S", 3.0), monkeypatch.setattr(files, "SIGN_S", 0.5)
    begin = time.monotonic()
    with files.claimed(path):
        took = time.monotonic() - begin
    assert took < 20
    if host == "another":
        assert took > 2.5 and str(lock) in capsys.readouterr().err


def test_a_lock_that_is_waited_for_is_named(tmp_path, capsys):
    path = tmp_path / "x.nc"
    holder = subprocess.Popen(
        [sys.executable, "-c", "import sys, time; from pathlib import Path; from helpers.store import files\n"
         "with files.claimed(Path(sys.argv[1])): print('held', flush=True); time.sleep(2)", str(path)],
        stdout=subprocess.PIPE, env=os.environ | {"PYTHONPATH": str(ROOT / "src")})  # fmt: skip
    holder.stdout.readline()
    with files.claimed(path):
        pass
    holder.wait(), holder.stdout.close()
    assert f"waiting for it (lock: {tmp_path / '.x.nc.lock'})" in capsys.readouterr().err


def test_finished_results_are_read_without_a_lock(tmp_path, monkeypatch):
    small_study.write_study(tmp_path, ["00_question"])
    command = ["report", str(tmp_path / "small.yml"), "--outputs", str(tmp_path / "out")]
    assert main(command) == 0

    def refused(path, *_):
        raise files.unwritten(path, OSError(errno.EROFS, "Read-only file system"))

    monkeypatch.setattr(files, "_acquired", refused), monkeypatch.setattr(files, "atomic", refused)
    assert main(command) == 0


# Proxies, homes, terminals

PROXIES = [
    "socks5://127.0.0.1:9",
    "socks://127.0.0.1:9",
    "http//:::",
    "ftp://127.0.0.1:9",
    "http://user:secret@127.0.0.1:9",
]


@pytest.mark.parametrize("number", [errno.EROFS, errno.EACCES, errno.EPERM])
def test_a_finished_result_is_read_where_nothing_can_be_written(tmp_path, monkeypatch, number):
    made = results.result(answer, tmp_path, x=2.0)

    def refused(path, *_):
        raise files.unwritten(path, OSError(number, os.strerror(number)))

    monkeypatch.setattr(files, "_acquired", refused), monkeypatch.setattr(files, "atomic", refused)
    assert results.result(answer, tmp_path, x=2.0).equals(made) and results.is_kept(answer, tmp_path, x=2.0)
    with pytest.raises(UserError, match=f"could not be written: {os.strerror(number)}"):
        results.result(answer, tmp_path, x=3.0)


def answer(x: float):
    import xarray as xr

    return xr.Dataset({"a": ("x", [x, 2 * x])})


@pytest.mark.parametrize("proxy", PROXIES)
def test_a_proxy_that_does_not_work_is_named_without_its_password(tmp_path, monkeypatch, capsys, proxy):
    for name in ("http_proxy", "https_proxy", "HTTP_PROXY", "HTTPS_PROXY", "all_proxy", "no_proxy", "NO_PROXY"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("ALL_PROXY", proxy)
    monkeypatch.setenv("NH2015_DIR", str(tmp_path / "nh"))
    monkeypatch.setattr(transfer, "TIMEOUT_S", 3)
    assert main(["fetch", "nh2015"]) == 2
    said = capsys.readouterr().err
    assert "could not be downloaded" in said and "ALL_PROXY=" in said and "secret" not in said
    assert "not the expected file" not in said
    with pytest.raises(UserError, match="ALL_PROXY="):
        transfer.fetch("https://example.invalid/x", tmp_path / "x")


@pytest.mark.parametrize("path", ["~nobody-of-that-name/data", "~", "a\0b"])
def test_a_path_without_a_home_folder_is_named(path, monkeypatch):
    if path == "~":
        monkeypatch.setattr(Path, "home", lambda: (_ for _ in ()).throw(RuntimeError("no home")))
        monkeypatch.setattr(os.path, "expanduser", lambda path: path)
    with pytest.raises(UserError, match=r"home folder|zero byte"):
        brain.open("junifer", path, 0)


@pytest.mark.parametrize("arguments", [["check", "~/small.yml"], ["check", "demo", "--outputs", "~/out"],
                                       ["report", "demo", "--outputs", "~"]])  # fmt: skip
def test_a_user_without_a_home_is_told_so_by_commands(arguments, monkeypatch, capsys):
    """As in a container that runs under a number which no user has."""

    def nobody(_):
        raise KeyError("getpwuid(): uid not found")

    monkeypatch.delenv("HOME", raising=False), monkeypatch.setattr("pwd.getpwuid", nobody)
    assert main(arguments) == 2
    said = capsys.readouterr().err
    assert "found no home folder" in said and "Traceback" not in said


FOLDERS = {
    "XDG": [f"XDG_{name}_HOME" for name in ("CACHE", "CONFIG", "DATA", "STATE")] + ["XDG_RUNTIME_DIR"],
    "TMPDIR": ["TMPDIR", "TEMP", "TMP"],
    "JUPYTER": ["JUPYTER_RUNTIME_DIR", "JUPYTER_DATA_DIR", "JUPYTER_CONFIG_DIR", "IPYTHONDIR"],
}


@pytest.mark.parametrize("names", FOLDERS.values(), ids=FOLDERS)
@pytest.mark.parametrize("place", ["/proc/nowhere", "a file", "missing"])
def test_kernels_need_none_of_the_users_folders(tmp_path, monkeypatch, names, place):
    """Folders that cannot be made, that are files, or that are not there."""
    (tmp_path / "a file").touch()
    for name in names:
        monkeypatch.setenv(name, place if place.startswith("/") else str(tmp_path / place))
    monkeypatch.setattr(tempfile, "tempdir", None)
    chapter = tmp_path / "90_own.py"
    chapter.write_text('# %% tags=["parameters"]\nstudy = ""\n# %%\nprint(1 + 1)\n')
    made = notebooks.run(chapter, {"study": "x"}, tmp_path / "90_own.ipynb", "", kernel=kernels.Manager)
    assert made.cells[-1].outputs[0].text == "2\n"


@pytest.mark.parametrize("error", [None, ValueError("x"), OSError("the network")], ids=["none", "value", "network"])
def test_no_folder_for_temporary_files_is_said_and_what_to_do(monkeypatch, capsys, error):
    def run(_):
        if error:
            raise error
        tempfile.TemporaryDirectory()

    monkeypatch.setattr(tempfile, "tempdir", None)
    monkeypatch.setattr(tempfile, "_candidate_tempdir_list", lambda: ["/proc/nowhere"])
    monkeypatch.setattr("helpers.commands.run", run)
    assert main(["check", "demo"]) == 2
    said = capsys.readouterr().err
    assert "TMPDIR" in said and (str(error) if error else "/proc/nowhere") in said and "Traceback" not in said


def test_kernels_need_no_home_and_nothing_of_the_folder_they_run_in(tmp_path, monkeypatch):
    for name in ("helpers", "random", "plotly"):
        (tmp_path / f"{name}.py").write_text("raise SystemExit('this is not the package')")
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("HOME", "/proc/nowhere"), monkeypatch.delenv("JUPYTER_RUNTIME_DIR", raising=False)
    chapter = tmp_path / "90_own.py"
    chapter.write_text(
        '# %% tags=["parameters"]\nstudy = ""\n# %%\nimport random, plotly, helpers\nprint(helpers.__file__)\n'
    )
    with kernels.warm(1) as forked:
        for kernel in (kernels.Manager, forked):
            target = tmp_path / f"{kernel.__name__}.ipynb"
            made = notebooks.run(chapter, {"study": "x"}, target, "", kernel=kernel)
            assert made.cells[-1].outputs[0].text.strip() == str(ROOT / "src" / "helpers" / "__init__.py")


@pytest.mark.parametrize("encoding", ["ascii", "latin-1", "cp1252", "utf-8"])
def test_a_terminal_of_any_encoding_shows_what_it_can(encoding, monkeypatch):
    raw = io.BytesIO()
    monkeypatch.setattr(sys, "stdout", io.TextIOWrapper(raw, encoding))
    monkeypatch.setattr(sys, "stderr", io.TextIOWrapper(io.BytesIO(), encoding))
    show_anyway()
    print("✓ año ▶", flush=True)
    assert raw.getvalue().decode(encoding).strip().endswith(("a?o ?", "año ?", "año ▶"))


FORCED = [
    {"FORCE_COLOR": "1", "TTY_COMPATIBLE": "1"},
    {"FORCE_COLOR": "3", "COLORTERM": "truecolor", "TERM": "xterm-256color"},
    {"CLICOLOR_FORCE": "1", "PY_COLORS": "1"},
    {"FORCE_COLOR": "", "TTY_INTERACTIVE": "1"},
]


@pytest.mark.parametrize("environment", FORCED, ids=" ".join)
def test_forced_colours_make_no_control_codes_in_a_file(tmp_path, monkeypatch, environment):
    for name, value in environment.items():
        monkeypatch.setenv(name, value)
    monkeypatch.setattr(sys, "stdout", io.StringIO()), monkeypatch.setattr(sys, "stderr", io.StringIO())
    assert watch.Watch(tmp_path / "batch.json", {})._live is None
    study = str(small_study.write_study(tmp_path, ["00_question"]))
    assert main(["check", study]) == 0 and main(["check", "no such study"]) == 2
    with pytest.raises(SystemExit):
        main(["check", "--help"])
    assert sys.stdout.getvalue() and "\x1b" not in sys.stdout.getvalue() + sys.stderr.getvalue()


@pytest.mark.parametrize("limit", ["-5", "0", "nan", "inf", "soon"])
def test_a_time_limit_that_is_none_is_refused(limit, capsys):
    with pytest.raises(SystemExit) as ended:
        main(["batch", "demo", f"--time-limit={limit}"])
    assert ended.value.code == 2 and "--time-limit" in capsys.readouterr().err


@pytest.mark.parametrize("address", ["tls://127.0.0.1:9", "nonsense", "ftp://a:1", "tcp://127.0.0.1:99999999"])
def test_any_scheduler_that_is_none_is_named(address, monkeypatch):
    pytest.importorskip("distributed")
    from helpers.batch import hands

    monkeypatch.setattr(hands, "CONNECT_S", 1)
    with pytest.raises(UserError, match=f"no answer from '{re.escape(address)}'"):
        hands.Cluster(address)


@pytest.mark.parametrize("arguments", [["check", "x" * 300], ["check", "x" * 300 + ".yml"],
                                       ["check", "ñ" * 150], ["check", "日" * 100 + ".yml"],
                                       ["check", "demo", "--outputs", "~nobody-of-that-name"],
                                       ["check", "a\0b"]])  # fmt: skip
def test_a_name_that_no_file_can_have_is_an_error_of_its_user(arguments, capsys):
    assert main(arguments) == 2 and "Traceback" not in capsys.readouterr().err


@pytest.mark.parametrize("key", ["name", "models"])
def test_names_of_studies_and_models_fit_into_a_file_system(tmp_path, key, capsys):
    path = small_study.write_study(tmp_path, ["00_question"])
    values = yaml.safe_load(path.read_text())
    if key == "name":
        values["name"] = "x" * 300
    else:
        values["models"][0]["name"] = "x" * 300
    path.write_text(yaml.safe_dump(values))
    assert main(["check", str(path)]) == 2 and "100" in capsys.readouterr().err


@pytest.mark.parametrize("file", ["small.yml", "data/dataset.yml", "data/sounds/tone03.wav", "data/responses.sqlite"])
def test_a_file_that_may_not_be_read_is_named(tmp_path, file):
    """In a process that may not read everything: one without root's capability."""
    small_study.write_study(tmp_path, ["00_question"])
    (tmp_path / file).chmod(0)
    command = [sys.executable, "-P", "-m", "helpers", "check", str(tmp_path / "small.yml")]
    if os.geteuid() == 0:
        if not shutil.which("setpriv"):
            pytest.skip("no setpriv")
        command = ["setpriv", "--bounding-set=-dac_override,-dac_read_search", *command]
    done = subprocess.run(command, capture_output=True, text=True, env=os.environ | {"PYTHONPATH": str(ROOT / "src")})
    assert done.returncode == 2 and Path(file).name in done.stderr and "Traceback" not in done.stderr, done.stderr


def test_a_package_without_a_checkout_says_where_it_is(tmp_path, monkeypatch, capsys):
    monkeypatch.setattr("helpers.__main__.ROOT", tmp_path)
    assert main(["check", "demo"]) == 2 and "without notebooks/ and params/" in capsys.readouterr().err


# Advice that is given is accepted


@pytest.mark.parametrize(
    ("written", "advice"),
    [("1e2", "write 100"), ("1e+2", "write 100"), ("1.0e2", "write 100"), ("100.0", "write 100"),
     ("1.0e+2", "write 100"),
     ("1e-3", "expected a whole number"), ("2.5", "valid integer")],
)  # fmt: skip
def test_a_whole_number_is_proposed_where_one_is_wanted(tmp_path, written, advice, capsys):
    path = small_study.write_study(tmp_path, ["00_question"])
    path.write_text(path.read_text().replace("permutations: 5", f"permutations: {written}"))
    assert main(["check", str(path)]) == 2
    said = capsys.readouterr().err
    assert f"{advice}\n" in said if advice.startswith("write") else advice in said
    if advice.startswith("write"):
        path.write_text(path.read_text().replace(f"permutations: {written}", f"permutations: {advice.split()[1]}"))
        assert main(["check", str(path)]) == 0


@pytest.mark.parametrize("seed", [0, 2**31, 2**32 - 3, 2**32 - 1])
def test_every_seed_that_check_takes_can_be_trained_with(seed):
    import numpy as np

    mels = np.random.default_rng(0).standard_normal((4, 60, 8)).astype(np.float32)
    codes = codes_of(mels, 2, 8, 4, 4, seed)
    assert codes.shape == (4, 60, 4)


def test_a_seed_above_is_refused():
    with pytest.raises(ValueError, match="less than 4294967296"):
        params.Parameters(name="a", dataset="demo", models=[{"name": "a", "family": "mini"}], seed=2**32)


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"chapters": []}, "chapters: found none"),
        ({"chapters": ["01_extract", "01_extract"]}, "more than once"),
        ({"chapters": ["3_components"]}, "did you mean '03_components'?"),
        ({"chapters": ["03_components"]}, "needs components, and dataset 'junifer' has none"),
        ({"chapters": ["10_time_course"]}, "needs responses in time"),
        ({"device": "meta"}, "device: found 'meta'"),
        ({"device": "cpu:"}, "device: found 'cpu:'"),
        ({"extraction": {"device": "mps:7"}}, "device: found 'mps:7'"),
    ],
)
def test_check_says_what_report_would_fail_on(tmp_path, changes, said, capsys):
    path = small_study.write_study(tmp_path, ["00_question"])
    path.write_text(yaml.safe_dump(yaml.safe_load(path.read_text()) | changes))
    for command in ("check", "report"):
        assert main([command, str(path), "--outputs", str(tmp_path / "out")]) == 2 and said in capsys.readouterr().err
    assert not (tmp_path / "out").exists()


@pytest.mark.parametrize(
    ("n_samples", "settings", "said"),
    [
        (700, {}, "the longest sound that it is trained on has 700 samples at 24000 Hz, expected at least 955"),
        (2000, {}, "sound 'tone00' has 2000 samples at 24000 Hz; it needs at least 2049"),
        (2100, {"components": 400}, "60 frames of sound are too few to learn from, expected at least 400"),
        (12_000, {"codes": 5000}, "432 frames of sound are too few to learn from, expected at least 5000"),
        (12_000, {"components": 600}, "components: found 600, expected at most 512"),
        (250, {"family": "mel"}, "sound 'tone00' has 250 samples"),
    ],
)
def test_check_says_which_sounds_are_too_short_for_a_model(tmp_path, n_samples, settings, said, capsys):
    import numpy as np
    import soundfile

    path = small_study.write_study(tmp_path, ["00_question"], **settings)
    if "family" in settings:
        values = yaml.safe_load(path.read_text())
        values["models"] = [{"name": "other", "family": "encodecmae", **published.example(tmp_path)}]
        values["baselines"] = [{"name": "mel", "family": "mel"}]
        path.write_text(yaml.safe_dump(values))
    for file in (tmp_path / "data" / "sounds").glob("*.wav"):
        noise = 0.1 * np.random.default_rng(0).standard_normal(n_samples)
        soundfile.write(file, noise, 24_000)
    for command in ("check", "report"):
        assert main([command, str(path), "--outputs", str(tmp_path / "out")]) == 2 and said in capsys.readouterr().err
    assert not (tmp_path / "out").exists()
