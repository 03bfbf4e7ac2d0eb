"""The report's figures, as PNG bytes, in one plain style."""

import io
from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    import pandas
    from matplotlib.figure import Figure

INK, ACCENT, WORDS = "#5673a6", "#2a8fb0", "#76829a"
"""Colours that can be read on a light page and on a dark one: the figures have no ground of their own."""


def _figure(width: float, height: float) -> "Figure":
    from matplotlib.figure import Figure

    return Figure(figsize=(width, height), dpi=110, layout="constrained")


def _png(figure: "Figure") -> bytes:
    for axes in figure.axes:
        axes.spines[["top", "right"]].set_visible(False)
        axes.spines[:].set_color(WORDS)
        axes.tick_params(colors=WORDS)
        axes.xaxis.label.set_color(WORDS)
        axes.yaxis.label.set_color(WORDS)
    stream = io.BytesIO()
    figure.savefig(stream, format="png", metadata={"Software": None}, transparent=True)
    return stream.getvalue()


def histogram(values: np.ndarray) -> bytes:
    """Distribution of labels on 0 to 1."""
    figure = _figure(4.0, 2.5)
    axes = figure.subplots()
    axes.hist(values, bins=np.linspace(0, 1, 26).tolist(), color=ACCENT)
    axes.set(xlabel="mos", ylabel="samples", xlim=(0, 1))
    return _png(figure)


def curve(history: list[dict[str, Any]]) -> bytes:
    """Training loss and validation SROCC by epoch."""
    from matplotlib.ticker import MaxNLocator

    epochs = [entry["epoch"] for entry in history]
    figure = _figure(4.4, 2.8)
    left = figure.subplots()
    left.plot(
        epochs, [entry.get("train_loss", np.nan) for entry in history], color=INK, label="training loss"
    )
    left.set(xlabel="epoch", ylabel="training loss", xlim=(0.5, max(epochs) + 0.5))
    left.xaxis.set_major_locator(MaxNLocator(integer=True))
    right = left.twinx()
    right.plot(epochs, [entry.get("val_srocc", np.nan) for entry in history], color=ACCENT, marker=".")
    right.set_ylabel("validation SROCC (dots)")
    return _png(figure)


def scatter(table: "pandas.DataFrame", most: int = 2_000) -> bytes:
    """Scores over labels with the labels' 90 % intervals; of many samples an even selection."""
    if len(table) > most:
        table = table.sort_values("mos").iloc[:: -(-len(table) // most)]
    figure = _figure(4.7, 4.2)
    axes = figure.subplots()
    mos = table["mos"].to_numpy(float)
    sides = [mos - table["mos_low"].to_numpy(float), table["mos_high"].to_numpy(float) - mos]
    around = np.nan_to_num(np.clip(np.array(sides), 0, None))
    axes.errorbar(mos, table["score"], xerr=around, fmt="none", ecolor=ACCENT, alpha=0.35, linewidth=0.7)
    axes.scatter(mos, table["score"], s=12, color=INK, alpha=0.85, linewidths=0)
    axes.plot([0, 1], [0, 1], color="0.6", linewidth=0.8)
    axes.set(xlabel="label, 0 to 1", ylabel="score")
    return _png(figure)
