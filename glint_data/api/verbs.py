"""The decorator that makes a function a verb: quiet unless asked, plug-ins loaded, values checked, documented."""

import dataclasses
import functools
import inspect
import os
import types
from collections.abc import Callable, Iterator, Sequence, Set
from dataclasses import dataclass
from typing import Annotated, Any, ClassVar, ParamSpec, TypeVar, Union, get_args, get_origin, overload

from glint_data import plugins, progress
from glint_data.api.options import Option
from glint_data.errors import GlintError

LONGEST = 60  # characters of a value that a sentence repeats
P = ParamSpec("P")
R = TypeVar("R")


@dataclass(frozen=True)
class Parameter:
    """One parameter of a verb. `type` is bool, int, float or str; `may_be_none` where None stands for a default.

    `is_text`: it takes text and nothing else, where `type` str stands for sequences, paths and datasets too.
    """

    name: str
    option: Option
    type: type
    may_be_none: bool
    default: Any
    is_text: bool = False
    empty: ClassVar[Any] = inspect.Parameter.empty  # the default of what has to be given


VERBS: dict[str, tuple[Callable[..., Any], tuple[Parameter, ...]]] = {}
"""Every verb by its name with its parameters: what the command line is made of."""


@overload
def verb(function: Callable[P, R]) -> Callable[P, R]: ...
@overload
def verb(*, settings: type) -> Callable[[Callable[P, R]], Callable[P, R]]: ...


def verb(function: Any = None, *, settings: type | None = None) -> Any:
    """Register a function as a verb. Its `progress` and `plugin` are seen to here.

    `settings`: a dataclass whose fields are further keyword arguments; a field's metadata are those of an `Option`,
    and fields without any are no options of the command line.

    Raises, when the verb is called:
        GlintError: a number out of bounds, or a value of another type than the parameter's.
    """
    if function is None:
        return functools.partial(_verb, settings=settings)
    return _verb(function, settings)


def _verb(function: Callable[P, R], settings: type | None) -> Callable[P, R]:
    signature = _with_fields(inspect.signature(function), settings)
    parameters = tuple(_parameter(entry) for entry in signature.parameters.values() if _has_option(entry))

    @functools.wraps(function)
    def run(*args: P.args, **kwargs: P.kwargs) -> R:
        bound = signature.bind(*args, **kwargs)
        for parameter in parameters:
            if parameter.name in bound.arguments:
                value = bound.arguments[parameter.name]
                if parameter.is_text and isinstance(value, os.PathLike):  # a file where a name may stand too
                    value = bound.arguments[parameter.name] = str(value)
                _check(parameter, value)
        with progress.shown(bool(bound.arguments.get("progress", False))):
            plugins.use(several(bound.arguments.get("plugin", ())))
            try:
                return function(*bound.args, **bound.kwargs)
            except SystemExit as end:  # of a plug-in, or of what it calls: nothing here ends a program
                from distortions.foreign import is_of_a_signal, told

                if is_of_a_signal(end):
                    raise
                raise GlintError(told("a plug-in, or a package that it calls,", end)) from end

    run.__doc__ = documented(inspect.getdoc(function) or "", parameters)
    run.__signature__ = _bare(signature)  # type: ignore[attr-defined]  # read by inspect, help and notebooks
    VERBS[function.__name__] = run, parameters
    return run


def _with_fields(signature: inspect.Signature, settings: type | None) -> inspect.Signature:
    """The signature with the fields of a dataclass as keyword arguments in place of its **settings."""
    if settings is None:
        return signature
    own = [entry for entry in signature.parameters.values() if entry.kind is not entry.VAR_KEYWORD]
    fields = [_of_field(field) for field in dataclasses.fields(settings)]
    return signature.replace(
        parameters=[
            *(entry for entry in own if entry.kind is not entry.KEYWORD_ONLY),
            *fields,
            *(entry for entry in own if entry.kind is entry.KEYWORD_ONLY),
        ]
    )


def _of_field(field: "dataclasses.Field[Any]") -> inspect.Parameter:
    annotation: Any = field.type
    if field.metadata:
        annotation = Annotated[annotation, Option(**field.metadata)]
    default = field.default_factory() if callable(field.default_factory) else field.default
    return inspect.Parameter(
        field.name, inspect.Parameter.KEYWORD_ONLY, default=default, annotation=annotation
    )


def several(value: Any) -> list[Any]:
    """One value or several (a sequence, a set, an iterator, an array) as a list; a dataset is one value."""
    if hasattr(value, "tolist"):
        value = value.tolist()
    are_several = isinstance(value, (Sequence, Set, Iterator)) and not isinstance(value, str)
    return list(value) if are_several else [value]


def documented(text: str, parameters: tuple[Parameter, ...]) -> str:
    """A docstring with the parameters' own words put before what it says of results and errors."""
    lines = [f"    {entry.name}: {entry.option.help}" for entry in parameters]
    head, marker, tail = text.partition("\nReturns:")
    return "\n".join([head.rstrip(), "", "Args:", *lines, "", (marker + tail).strip()]).rstrip() + "\n"


def _has_option(entry: inspect.Parameter) -> bool:
    return get_origin(entry.annotation) is Annotated


def _parameter(entry: inspect.Parameter) -> Parameter:
    annotation, option = get_args(entry.annotation)
    parts = get_args(annotation) if get_origin(annotation) in (Union, types.UnionType) else (annotation,)
    simple = [part for part in parts if part in (bool, int, float)]
    return Parameter(
        entry.name,
        option,
        simple[0] if simple and str not in parts else str,
        type(None) in parts,
        entry.default,
        is_text=set(parts) <= {str, type(None)},
    )


def _bare(signature: inspect.Signature) -> inspect.Signature:
    """The signature without options, as a person reads it."""
    return signature.replace(
        parameters=[
            entry.replace(annotation=_shown(get_args(entry.annotation)[0])) if _has_option(entry) else entry
            for entry in signature.parameters.values()
        ]
    )


def _shown(annotation: Any) -> Any:
    return getattr(annotation, "__forward_arg__", annotation)


def _check(parameter: Parameter, value: Any) -> None:
    option = parameter.option
    if value is None and parameter.may_be_none:
        return
    if value is None and parameter.type is str:
        raise GlintError(f"{shown_name(parameter)} None: {_without(parameter)}")
    if parameter.type is str:
        if parameter.is_text and not isinstance(value, str):
            shown = (
                repr(value)
                if len(repr(value)) <= LONGEST
                else f"(an object of the type {type(value).__name__})"
            )
            raise GlintError(f"{shown_name(parameter)} {shown}: must be {option.text}")
        return
    wanted = {bool: "True or False", int: "a whole number", float: "a number"}[parameter.type]
    fits = isinstance(value, bool) if parameter.type is bool else _is_number(value, parameter.type)
    if not fits:
        raise GlintError(f"{shown_name(parameter)} {value!r}: must be {wanted}")
    if option.least is not None and value < option.least:
        raise GlintError(f"{shown_name(parameter)} {value}: must be at least {option.least:g}")
    if option.most is not None and value > option.most:
        raise GlintError(f"{shown_name(parameter)} {value}: must be at most {option.most:g}")


def _without(parameter: Parameter) -> str:
    """What to do in place of None."""
    if parameter.default is Parameter.empty:
        return "must be given"
    default = repr(parameter.default) if parameter.default else parameter.option.shown
    return f"is no value; leave it out for {default}" if default else "is no value; leave it out"


def _is_number(value: Any, expected: type) -> bool:
    import numbers

    wanted = numbers.Integral if expected is int else numbers.Real
    return isinstance(value, wanted) and not isinstance(value, bool)


def shown_name(parameter: Parameter) -> str:
    """A parameter's name in sentences: as the command line has it, or in capitals where it is an argument."""
    if parameter.option.position:
        return parameter.option.metavar
    return parameter.option.flag or f"--{parameter.name.replace('_', '-')}"
