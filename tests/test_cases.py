"""The small inputs beside the project, each with what is right in its README, through the command line.

A case is a folder with `run.sh`; to add one, add a line to RIGHT: its name, and what has to be in what it prints.
"""

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from conftest import ROOT, SHARED

CASES = SHARED / "cases"
SECONDS = 900
TRACEBACK = "Traceback (most recent call last)"

# case -> patterns, in their order, of what its command line prints; everything after the last one is left alone
RIGHT = {
    "ascii_terminal": [r"jobs: 3 done", r"a\?o/small/report.html", "exit code 0"],
    "check_passes_report_fails": [r"error: .*\nexit code 2\n.*error: .*\nexit code 2"] * 6 + ["write 100\n"] * 2,
    "constant_region_0.1": ["is valid: .*exit code 0", r"'target': 6.*'constant': 2.*expected 6 regions, 2 constant"],
    "diverged_training": ["is valid: .*code 0", r"diverged at step \d+ \(learning_rate 100\); lower it", "code 2"],
    "gsm610_wav": [r"is valid: .*exit code 0"],
    "ipython_startup_renderer": [r"2 \(expected 2\); addresses asked for: \n", "exit code 0\nfigures: 2"],
    "jackknife_few_sounds": [r"half width (\d\.\d{9})\d* delete-one jackknife \1"],
    "junk_files": [r"\nexit code 0\n"] * 5,
    "kernelspec_shadow": [r"exit code 0\n12 sounds", r"\(12 sounds are right\)", r"exit code 0\n$"],
    "kfold_constant_in_a_fold": ["alpha 10, criterion finite: 1; scikit-learn 10\n"] * 3,
    "leading_zeros": ["exit code 0", r"\[ '001', '1e3' \]\n\[ '010', '0x10' \]"],
    "nfd_names": [r"is valid: .*exit code 0", r"is valid: .*exit code 0"],
    "no_file_locks": ["has no locks", "exit code 0", "has no locks", "exit code 0", r"waiting for it.*\.soft\.lock"],
    "no_usable_region": [r"no region that can be used: 8 have missing.*\nexit code 2"] * 2 + ["8 the same", "code 2"],
    "proxies": [r"ALL_PROXY=socks5://.*\nexit code 2", r"ALL_PROXY=socks://.*\nexit code 2", "ENDPOINT=.*code 2"],
    "responses_scale": ["as it is: (.*?)\n.* 1e-25: \\1\n.* 1e20: \\1\n.* 1e6: \\1\n.* 1e8: r2 .*FDR. 0 of"],
    "sqlite_path": [r"is valid: .*exit code 0"] * 3 + [r"not there before:\n$"],
    "truncated_wav": [r"tone00.wav: found 2978 of the 6000 samples that its header says.*\nexit code 2"],
    "yaml_duplicate_keys": [r"twice_models.yml.* key '.*' twice, in lines \d+.*\nexit code 2", "tone00' twice"],
}  # fmt: skip

# What the cases call otherwise than the code does today: case -> (file, old, new)
RENAMED = {
    "constant_region_0.1": [("run.sh", "from helpers.pipeline import Work; w = Work.of(",
                             "from helpers.study import open_study; w = open_study("),
                            ("run.sh", "w.brain.voxels.sizes", "dict(w.brain.responses['voxels'].sizes)")],
    "jackknife_few_sounds": [("case.py", "from helpers import claims",
                              "from helpers.stats.intervals import jackknifed"),
                             ("case.py", "claims.jackknifed(mean, 8, 0)", "jackknifed(y.mean(), parts)"),
                             ("case.py", "(found.high - found.low)", "np.diff(found.interval())[0]")],
    "kfold_constant_in_a_fold": [("case.py", "from helpers.regression import ridge_kfold\n", ""),
                                 ("case.py", "helpers.regression.kfold import ALPHAS",
                                  "helpers.encoding.kfold import ALPHAS, RidgeKFold"),
                                 ("case.py", "ridge_kfold(x[:40], z, x[40:])", "RidgeKFold(x[:40], x[40:]).fit(z)")],
    "responses_scale": [("case.py", "from helpers import splits",
                         "from helpers.encoding import permutation_test, splits"),
                        ("case.py", "from helpers.permutation import permutation_test\n", ""),
                        ("case.py", "helpers.scores import score_layers",
                         "helpers.encoding import score as score_layers")],
    "junk_files": [("run.sh", "helpers/text/es/", "helpers/text/"), ("run.sh", "helpers/text/en/", "helpers/text/"),
                   ("run.sh", "common.yml", "en.yml")],
    "kernelspec_shadow": [("run.sh", "pipeline/listening.py", "chapters/question/analysis.py"),
                          ("run.sh", "brain.waveforms", "study.brain.waveforms"),
                          ("run.sh", "0 components", "8 voxels")],
    "no_file_locks": [("stale.py", "from helpers import storage", "from helpers.store import files as storage"),
                      ("run.sh", "^$(hostname)\\$", "$(hostname)"), ("run.sh", ".x.nc.lock", ".x.nc.soft.lock")],
}  # fmt: skip

# Whole reports and batches; what they stand for is tested piece by piece in test_surroundings.py and test_kernels.py
LONG = {
    "ascii_terminal", "check_passes_report_fails", "diverged_training", "gsm610_wav", "ipython_startup_renderer",
    "junk_files", "kernelspec_shadow", "leading_zeros", "nfd_names", "no_file_locks", "no_usable_region",
    "proxies", "sqlite_path",
}  # fmt: skip

pytestmark = [
    pytest.mark.skipif(not CASES.is_dir(), reason="needs the cases beside the project"),
    pytest.mark.skipif(sys.platform == "win32" or not shutil.which("bash"), reason="needs bash"),
]


def printed(case: str, folder: Path) -> str:
    """What a copy of a case prints, where the names of keys are today's: the cases may not be written to."""
    own = folder / case
    shutil.copytree(CASES / case, own, copy_function=shutil.copyfile)
    for path in (own, *own.rglob("*")):
        path.chmod(0o755 if path.is_dir() else 0o644)
    for study in own.glob("*.yml"):
        study.write_text(re.sub(r"^( +)batch: ", r"\1batch_size: ", study.read_text(encoding="utf-8"), flags=re.M))
    for file, old, new in RENAMED.get(case, ()):
        (own / file).write_text((own / file).read_text(encoding="utf-8").replace(old, new), encoding="utf-8")
    environment = os.environ | {"REPO": str(ROOT), "PY": sys.executable, "OUT": str(folder / "out")}
    environment |= {"IPYTHONDIR": str(folder / "ipython"), "NH2015_DIR": str(SHARED / "nh2015")}
    (folder / "out").mkdir()
    done = subprocess.run(
        ["bash", str(own / "run.sh")], env=environment, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True,
        timeout=SECONDS, check=False,
    )  # fmt: skip
    return done.stdout


@pytest.mark.parametrize(
    "case", [pytest.param(case, marks=pytest.mark.slow) if case in LONG else case for case in RIGHT]
)
def test_a_case_shows_what_its_readme_calls_right(case, tmp_path):
    if case == "leading_zeros" and not shutil.which("node"):
        pytest.skip("needs node")
    said = printed(case, tmp_path)
    assert re.search(".*".join(RIGHT[case]), said, re.S), said
    assert "exit code 1\n" not in said, said
