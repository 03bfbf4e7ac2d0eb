"""What a manifest notes of its scores: those of the study that it is, and those of labels beside them.

A dataset that nobody rated notes its labels under `label`. Where people scored some of the samples, `label` is what
their study is (name, range, direction), and what the label stage says of the other samples stands under `labelled`.
"""

from collections.abc import Mapping
from typing import Any

RATED = "rated"
"""`label_method` of scores that people gave to these very images."""
STUDY, BESIDE = "label", "labelled"


def of_study(facts: Mapping[str, Any]) -> dict[str, Any]:
    """What is noted of the scores that people gave; empty where nothing is."""
    label: dict[str, Any] = facts.get(STUDY) or {}
    return label if label.get("method", RATED) == RATED else {}


def of_labels(facts: Mapping[str, Any]) -> dict[str, Any]:
    """What is noted of the labels that a method made; empty where none was made."""
    beside, label = facts.get(BESIDE) or {}, facts.get(STUDY) or {}
    return dict(beside or ({} if label.get("method") == RATED else label))


def with_labels(facts: Mapping[str, Any], made: Mapping[str, Any], partly_rated: bool) -> dict[str, Any]:
    """The facts to be changed where labels `made` so are written into a manifest with these facts."""
    if partly_rated:  # what is noted of earlier labels is not noted of the study any longer
        changed = {BESIDE: dict(made)}
        return changed | {STUDY: {}} if facts.get(STUDY) and not of_study(facts) else changed
    changed = {STUDY: dict(made)}
    return changed | {BESIDE: {}} if BESIDE in facts else changed


def imported_again(earlier: Mapping[str, Any], facts: Mapping[str, Any]) -> dict[str, Any]:
    """The facts of a study that is imported over an `earlier` manifest of it, which may have been labelled since."""
    made = of_labels(earlier) if of_study(facts) else {}
    return {**earlier, **facts, **({BESIDE: made} if made else {})}


def filled_in(there: Mapping[str, Any], said: Mapping[str, Any]) -> dict[str, Any]:
    """The facts to be changed where rows without a label take that of another manifest with the facts `said`: of a
    study that is noted `there`, it stays."""
    made = of_labels(said)
    if not made or (there.get(STUDY) or {}).get("method") != RATED:
        return dict(said)
    return {**{name: value for name, value in said.items() if name != STUDY}, BESIDE: made}
