"""Progress of long steps: lines in a log, or what a listener makes of it, in its thread alone."""

import threading

from helpers.store import progress


def test_a_listener_hears_each_step_and_a_log_nothing(monkeypatch, capsys):
    monkeypatch.setattr(progress, "SECONDS", 0)
    heard, elsewhere = [], []

    def other() -> None:
        elsewhere.extend(progress.progress("xy", "other"))

    with progress.listening(lambda label, share, said: heard.append((label, share, said.partition(",")[0]))):
        assert list(progress.progress(iter("abcd"), "steps", 4)) == list("abcd")
        assert list(progress.progress(iter("a"), "unknown")) == ["a"]
        thread = threading.Thread(target=other)
        thread.start()
        thread.join()
    assert heard[:4] == [("steps", share, f"{n} of 4") for n, share in enumerate((0, 0.25, 0.5, 0.75))]
    assert heard[4:] == [("unknown", 0, "0")] and elsewhere == ["x", "y"]
    said = capsys.readouterr().err
    assert "steps" not in said and "other: 1 of 2" in said
    list(progress.progress("ab", "later"))
    assert len(heard) == 5 and "later: 1 of 2" in capsys.readouterr().err
