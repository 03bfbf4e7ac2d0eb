"""The report's figures, as PNG bytes, in one plain style."""

import io
from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    import pandas
    from matplotlib.figure import Figure

INK, ACCENT = "#33415c", "#2a7f9e"


def _figure(width: float, height: float) -> "Figure":
    from matplotlib.figure import Figure

    return Figure(figsize=(width, height), dpi=110, layout="constrained")


def _png(figure: "Figure") -> bytes:
    for axes in figure.axes:
        axes.spines[["top", "right"]].set_visible(False)
    stream = io.BytesIO()
    figure.savefig(stream, format="png", metadata={"Software": None})
    return stream.getvalue()


def cell_means(labelled: "pandas.DataFrame") -> bytes:
    """Mean label of every (type, level) as a coloured table."""
    table = labelled.pivot_table(index="type", columns="level", values="mos", aggfunc="mean")
    names = labelled.drop_duplicates("type").set_index("type")["distortion"].str.replace("_", " ")
    values = table.to_numpy(float)
    figure = _figure(4.7, 0.26 * len(table) + 0.9)
    axes = figure.subplots()
    axes.imshow(values, vmin=0, vmax=1, cmap="RdYlGn", aspect="auto")
    for row, column in np.ndindex(*table.shape):
        value = values[row, column]
        if np.isfinite(value):
            axes.text(column, row, f"{value:.2f}", ha="center", va="center", fontsize=7.5, color="#1b1b1b")
    axes.set_xticks(range(table.shape[1]), [f"level {level}" for level in table.columns], fontsize=8)
    axes.set_yticks(range(len(table)), [f"{kind} {names[kind]}" for kind in table.index], fontsize=8)
    axes.tick_params(length=0)
    return _png(figure)


def histogram(values: np.ndarray) -> bytes:
    """Distribution of labels on 0 to 1."""
    figure = _figure(4.0, 2.5)
    axes = figure.subplots()
    axes.hist(values, bins=np.linspace(0, 1, 26).tolist(), color=ACCENT)
    axes.set(xlabel="mos", ylabel="samples", xlim=(0, 1))
    return _png(figure)


def reference_use(by_photo: "pandas.Series", most: int = 20) -> bytes:
    """How many photos have each reference among their matches, the most used first; a list a photo."""
    used = by_photo.explode().value_counts().head(most)
    figure = _figure(4.0, 2.5)
    axes = figure.subplots()
    axes.bar(used.index.astype(str), used.to_numpy(), color=INK)
    axes.set_ylabel("photos")
    axes.tick_params(axis="x", rotation=90, labelsize=8)
    return _png(figure)


def curve(history: list[dict[str, Any]]) -> bytes:
    """Training loss and validation SROCC by epoch."""
    epochs = [entry["epoch"] for entry in history]
    figure = _figure(5.6, 2.8)
    left = figure.subplots()
    left.plot(
        epochs, [entry.get("train_loss", np.nan) for entry in history], color=INK, label="training loss"
    )
    left.set(xlabel="epoch", ylabel="training loss")
    right = left.twinx()
    right.plot(epochs, [entry.get("val_srocc", np.nan) for entry in history], color=ACCENT, marker=".")
    right.set_ylabel("validation SROCC", color=ACCENT)
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
    axes.errorbar(mos, table["score"], xerr=around, fmt="none", ecolor=ACCENT, alpha=0.15, linewidth=0.7)
    axes.scatter(mos, table["score"], s=8, color=INK, alpha=0.6, linewidths=0)
    axes.plot([0, 1], [0, 1], color="0.6", linewidth=0.8)
    axes.set(xlabel="label, 0 to 1", ylabel="score")
    return _png(figure)
