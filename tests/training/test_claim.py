"""The benchmark of labels: who is examined, that no finished job is done twice, and what its table says."""

import argparse
import sys

import pytest

from benchmarks import claim


@pytest.fixture
def bare(tmp_path):
    """A claim about 80 references without any data."""
    bare = object.__new__(claim.Claim)
    bare.asked, bare.out = argparse.Namespace(), tmp_path
    bare.sources = [f"I{number:02d}" for number in range(1, 81)]
    return bare


def test_the_same_references_are_examined_however_many_train(bare):
    by_count = {count: bare.split(claim.Job(3, references=count))[1] for count in (4, 16, 48)}
    sides = {
        count: {side: {source for source in part if part[source] == side} for side in part.values()}
        for count, part in by_count.items()
    }
    assert [len(sides[count]["train"]) for count in sides] == [4, 16, 48]
    assert sides[4]["train"] < sides[16]["train"] < sides[48]["train"]
    assert sides[4]["test"] == sides[48]["test"] and len(sides[4]["test"]) == 6
    assert sides[4]["val"] == sides[16]["val"] and len(sides[4]["val"]) == 2
    assert bare.split(claim.Job(4))[1] != by_count[4], "another seed examines others"


def test_finished_jobs_are_not_done_again(monkeypatch, tmp_path, capsys):
    done = []

    class Counting:
        def __init__(self, asked):
            pass

        def do(self, job):
            done.append(job.row)
            if len(done) == 3:
                raise KeyboardInterrupt
            test = {"KADID-10k": 0.5 + job.seed / 10, "TID2013": 0.25}
            first = {"photos alone": {"KADID-10k": 0.125}} if job.method else {}
            return {"row": job.row, "seed": job.seed, "validation": 0.75, "test": test, **first}

    monkeypatch.setattr(claim, "Claim", Counting)
    words = ["--kadid", "K", "--scores", "S", "--photos", "P", "--others", "O", "--out", str(tmp_path)]
    monkeypatch.setattr(sys, "argv", ["claim", *words, "--jobs", "main", "--seeds", "0", "2"])
    with pytest.raises(KeyboardInterrupt):
        claim.main()
    claim.main()
    assert len(done) == 9 and len(set(done)) == 4, "one of eight was begun twice"
    assert len((tmp_path / "claim.jsonl").read_text().splitlines()) == 8
    said = capsys.readouterr().out
    assert "4 references" in said and "0.600   0.500 0.700" in said
    assert "32 photos labelled by deep " in said and "0.125   0.125 0.125" in said


def test_every_habit_of_the_search_is_an_option_of_training():
    from glint_data.training.settings import settings_from

    assert claim.HABITS["default"] == {}
    for options in claim.HABITS.values():
        settings_from({"model": "glintiqa", "size": "lite", **options})
    assert {job.habit for job in claim.jobs("search", [0])} == set(claim.HABITS)
