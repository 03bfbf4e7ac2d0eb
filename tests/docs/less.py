"""glint-data with less to do, for the pages' examples: what they do not choose themselves becomes small.

python less.py WORDS...       as `glint-data WORDS...`
import less; less.in_python() the same for the functions
"""

import functools
import sys

import glint_data
from glint_data.api.verbs import VERBS

LESS = {
    "synthesize": {"types": "1,10"},
    "train": {"epochs": 1, "batch_size": 4},
    "evaluate": {"crops": 2},
    "score": {"crops": 2},
    "scorer": {"crops": 2},
    "audit": {"method": ("mean", "nearest")},
}
CHOICES = ("suite", "strengths", "types")


def options(verb, chosen):
    """The further options of a call that has chosen some by itself."""
    known = {parameter.name for parameter in VERBS[verb][1]} if verb in VERBS else set()
    further = {"workers": 1 if verb != "train" else 0} if "workers" in known else {}
    if not (verb == "synthesize" and set(CHOICES) & set(chosen)):
        further |= LESS.get(verb, {})
    return {name: value for name, value in further.items() if name not in chosen}


def in_python():
    functions = {name: getattr(glint_data, name) for name in glint_data.__all__}  # which registers the verbs
    for verb in functions.keys() & VERBS.keys():
        setattr(glint_data, verb, _smaller(verb, functions[verb]))


def _smaller(verb, function):
    @functools.wraps(function)
    def call(*args, **kwargs):
        return function(*args, **(kwargs | options(verb, kwargs)))

    return call


def words(line):
    """The words of a command line with those options."""
    from glint_data.cli import table  # noqa: F401  it registers the verbs

    verb = "import_table" if line[:2] == ["import", "table"] else line[0].replace("-", "_")
    chosen = {word[2:].partition("=")[0].replace("-", "_") for word in line if word.startswith("--")}
    further = []
    for name, value in options(verb, chosen).items():
        for one in value if isinstance(value, tuple) else (value,):
            further += [f"--{name.replace('_', '-')}", str(one)]
    return [*line, *further]


if __name__ == "__main__":
    from glint_data.cli import main

    sys.argv = ["glint-data", *words(sys.argv[1:])]
    main()
