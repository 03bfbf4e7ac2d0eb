"""The columns of a manifest: names, types, meaning."""

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import pyarrow

COLUMNS: dict[str, tuple[str, str]] = {
    "sample_id": ("string", "<source>_<TT>_<LL>, unique in the dataset"),
    "source": ("dictionary", "short unique name of the pristine photo"),
    "source_path": ("dictionary", "where the photo came from, absolute"),
    "source_hash": (
        "dictionary",
        "SHA-256 of the photo's shape and RGB bytes; null where the photo is not at hand",
    ),
    "reference_path": ("dictionary", "the pristine pixels, relative to the dataset; null in a virtual one"),
    "suite": (
        "dictionary",
        "name of the distortion suite; null, as are type and level, for authentic photos",
    ),
    "type": ("int16", "number of the distortion in its suite"),
    "level": ("int16", "level in its suite, from 1; in an imported set its own number"),
    "distortion": ("dictionary", "name of the distortion function"),
    "strength": ("float64", "strength of the level, in the suite's unit; null for chains"),
    "seed": ("uint64", "seed of this sample's random numbers; null where it was not rendered here"),
    "parameters": ("string", "JSON of what was drawn and of who rendered it"),
    "path": ("string", "the image, relative to the dataset; null where not on disk"),
    "width": ("int32", "pixels"),
    "height": ("int32", "pixels"),
    "image_hash": ("string", "SHA-256 of the sample's shape and RGB bytes"),
    "status": ("dictionary", "ok, planned (virtual) or failed"),
    "error": ("string", "why it failed"),
    "mos": ("float32", "label on [0, 1], higher is better"),
    "mos_std": ("float32", "standard deviation of the label, same scale"),
    "mos_low": ("float32", "lower end of the 90 % interval"),
    "mos_high": ("float32", "upper end of the 90 % interval"),
    "label_set": ("dictionary", "reference set the label came from"),
    "label_method": ("dictionary", "method that made the label"),
    "label_references": ("list<string>", "matched references, nearest first"),
    "label_similarities": ("list<float32>", "their similarities, -1..1"),
    "label_note": ("dictionary", "why the label is wide or missing; null when nothing is to be said"),
    "label_version": ("dictionary", "version of the method that made the label"),
    "mask_path": ("string", "where a regional distortion fell, an image relative to the dataset"),
    "low_resolution_path": (
        "dictionary",
        "the small image that was upscaled, relative to the dataset; null where nothing was",
    ),
    "licence": ("dictionary", "licence of the photo, as its owner or its set states it"),
    "split": ("dictionary", "train, val or test, as the set or its owner dealt the photos"),
    "source_edit": ("dictionary", "JSON of the crop and scaling that make the photo from its file"),
    "suite_version": ("dictionary", "version of the suite that the sample was planned with"),
    "mask_hash": ("string", "SHA-256 of the mask's pixels, as `image_hash`"),
    "low_resolution_hash": ("string", "SHA-256 of the small image's pixels, as `image_hash`"),
}

FILES = {"path": "image_hash", "mask_path": "mask_hash", "low_resolution_path": "low_resolution_hash"}
"""The files that a sample may have of its own, and where the hash of their pixels stands."""

SCALED = "scaled from "
"""How the `label_note` of a picture begins that an import brought to its reference's size."""

ADDED = (
    *("label_version", "mask_path", "low_resolution_path", "licence", "split", "source_edit"),
    *("suite_version", "mask_hash", "low_resolution_hash"),
)
"""Columns that manifests of the first release lack; they are read as null."""


def schema() -> "pyarrow.Schema":
    """The Arrow schema of a manifest, in the order of `COLUMNS`."""
    import pyarrow as pa

    types = {
        "string": pa.string(),
        "dictionary": pa.dictionary(pa.int32(), pa.string()),
        "int16": pa.int16(),
        "int32": pa.int32(),
        "uint64": pa.uint64(),
        "float32": pa.float32(),
        "float64": pa.float64(),
        "list<string>": pa.list_(pa.string()),
        "list<float32>": pa.list_(pa.float32()),
    }
    return pa.schema([(name, types[type_name]) for name, (type_name, _meaning) in COLUMNS.items()])


def value_of(data_type: "pyarrow.DataType") -> "pyarrow.DataType":
    """What a column holds, whether it is stored as a dictionary or not."""
    import pyarrow as pa

    return data_type.value_type if pa.types.is_dictionary(data_type) else data_type


def plain_schema(columns: list[str] | None = None) -> "pyarrow.Schema":
    """The schema of all columns, or the named ones, without dictionaries."""
    import pyarrow as pa

    return pa.schema(
        [(field.name, value_of(field.type)) for field in schema() if columns is None or field.name in columns]
    )
