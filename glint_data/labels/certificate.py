"""The audit for people: a plain-text table, and figures."""

from pathlib import Path
from typing import Any

from glint_data.labels.scales import OWN, checked, on_unit_scale

_COLUMNS = (
    ("srocc", "SROCC", "{:.3f}"),
    ("krocc", "KROCC", "{:.3f}"),
    ("plcc", "PLCC", "{:.3f}"),
    ("rmse", "RMSE", "{:.3f}"),
    ("within_cell_r", "r in cell", "{:.2f}"),
    ("coverage_90", "coverage", "{:.1%}"),
    ("smallest_coverage_of_a_type", "worst type", "{:.1%}"),
    ("width_90", "width", "{:.3f}"),
)


class Audit:
    """The result of an audit: `record()` for machines, `text()` for people."""

    def __init__(self, certificate: dict[str, Any], scale: str = OWN) -> None:
        self._certificate, self._scale = certificate, checked(scale)

    def record(self) -> dict[str, Any]:
        """Plain values, see `glint_data.labels.audit_reference`; always on the set's own scale."""
        return self._certificate

    def text(self) -> str:
        """The tables, and what their columns mean."""
        shown = self._certificate if self._scale == OWN else on_unit_scale(self._certificate)
        parts = [audit_table(shown)] if shown["methods"] else []
        if "leave_type_out" in shown:
            parts.append(types_table(shown))
        return "\n\n".join(parts)


def types_table(certificate: dict[str, Any]) -> str:
    """The certificate of the method for unrated distortions as text."""
    left_out = certificate["leave_type_out"]
    rows = sorted(left_out["per_type"].items(), key=lambda item: int(item[0]))
    lines = [
        f"{certificate['title']}: {left_out['pairs']:,} pairs labelled by {left_out['method']} without their type and "
        f"their reference, in {left_out['seconds']:.0f} s",
        f"  SROCC {_shown(left_out['srocc'], '{:.3f}')}, RMSE {left_out['rmse']:.3f}, r inside a type "
        f"{_shown(left_out['within_type_r'], '{:.2f}')}, coverage {left_out['coverage_90']:.1%}, "
        f"width {left_out['width_90']:.2f}, {left_out['flagged_share']:.1%} flagged as unlike everything measured",
        "",
        "type    SROCC    RMSE  coverage    bias  flagged",
    ]
    lines += [
        f"{number:>4}  {_shown(each['srocc'], '{:.3f}'):>7} {each['rmse']:7.3f} {each['coverage_90']:9.1%} "
        f"{each['bias']:+7.2f} {each['flagged_share']:8.1%}"
        for number, each in rows
    ]
    return "\n".join(
        [*lines, "", f"RMSE, width and bias (what is said less what people said) on {_of(certificate)}."]
    )


def _of(certificate: dict[str, Any]) -> str:
    """The scale of a certificate's numbers in words."""
    scale = certificate["scale"]
    return f"the scale {scale['low']:g} to {scale['high']:g}"


def audit_table(certificate: dict[str, Any]) -> str:
    """The methods side by side as text, the default one marked, and what the columns mean."""
    scale = certificate["scale"]
    lines = [
        f"{certificate['title']}: {certificate['references']} references left out one at a time, "
        f"{certificate['images']:,} images, scores {scale['low']:g} to {scale['high']:g}, "
        f"embedder {certificate['embedder']}",
        "",
        f"{'method':<12}" + "".join(f"{title:>11}" for _, title, _ in _COLUMNS),
    ]
    for name, each in certificate["methods"].items():
        mark = "*" if name == certificate["default"] else " "
        cells = "".join(f"{_shown(each.get(key), form):>11}" for key, _, form in _COLUMNS)
        lines.append(f"{name + mark:<12}{cells}")
    floor = certificate.get("noise_floor")
    lines += [
        "",
        f"* the default. RMSE and width of the 90 % intervals on {_of(certificate)};",
        "  'r in cell': correlation over the references inside each (type, level), averaged;",
        "  'worst type': coverage of the type where it is smallest.",
    ]
    if floor:
        lines.append(f"  A perfect label would have an RMSE of {floor['rmse']:.3f}, the ratings' own noise.")
    if certificate["references_left_out"]:
        lines.append(
            f"  Left out, their pixels not being at hand: {', '.join(certificate['references_left_out'])}."
        )
    first = next(iter(certificate["methods"].values()))["hubness"]
    lines.append(
        f"  Hubness: the most popular reference is nearest to {first['largest_share']:.0%} of the photos, "
        f"{first['references_for_half']} are for half of them, {first['references_never_nearest']} for none."
    )
    return "\n".join(lines)


def _shown(value: float | None, form: str) -> str:
    return "-" if value is None else form.format(value)


def write_figures(certificate: dict[str, Any], folder: Path) -> list[Path]:
    """Draw the audit into `folder` (made if absent): RMSE and coverage by type. Returns the PNG files."""
    import matplotlib

    matplotlib.use("Agg")
    folder = Path(folder)
    folder.mkdir(parents=True, exist_ok=True)
    return [
        _by_type(certificate, folder / "audit_rmse_by_type.png", "rmse", "RMSE, on the set's own scale"),
        _by_type(
            certificate,
            folder / "audit_coverage_by_type.png",
            "coverage_90",
            "share inside the 90 % interval",
        ),
        _overall(certificate, folder / "audit_overall.png"),
    ]


def _by_type(certificate: dict[str, Any], file: Path, measure: str, title: str) -> Path:
    import matplotlib.pyplot as plt

    figure, axes = plt.subplots(figsize=(11, 4.2), layout="constrained")
    for name, each in certificate["methods"].items():
        types = list(each["per_type"])
        is_default = name == certificate["default"]
        axes.plot(
            types,
            [each["per_type"][number][measure] for number in types],
            marker="o",
            markersize=4,
            linewidth=2.2 if is_default else 1.1,
            label=f"{name} (default)" if is_default else name,
        )
    if measure == "coverage_90":
        axes.axhline(0.9, color="0.5", linewidth=1, linestyle="--")
        axes.set_ylim(0.75, 1)
    axes.set_xlabel("distortion type")
    axes.set_ylabel(title)
    axes.grid(alpha=0.25)
    axes.legend(frameon=False, ncols=5, loc="upper center", bbox_to_anchor=(0.5, 1.12))
    figure.savefig(file, dpi=130)
    plt.close(figure)
    return file


def _overall(certificate: dict[str, Any], file: Path) -> Path:
    import matplotlib.pyplot as plt

    names = sorted(certificate["methods"], key=lambda name: certificate["methods"][name]["srocc"])
    figure, panels = plt.subplots(1, 3, figsize=(11, 3.2), layout="constrained")
    for axes, (measure, title) in zip(
        panels,
        (("srocc", "SROCC"), ("rmse", "RMSE"), ("width_90", "width of the 90 % interval")),
        strict=True,
    ):
        values = [certificate["methods"][name][measure] for name in names]
        colours = ["tab:orange" if name == certificate["default"] else "tab:blue" for name in names]
        bars = axes.barh(names, values, color=colours)
        axes.bar_label(bars, fmt="%.3f", padding=3)
        axes.set_xlim(min(values) * 0.9, max(values) * 1.06)
        axes.set_title(title)
    figure.savefig(file, dpi=130)
    plt.close(figure)
    return file
