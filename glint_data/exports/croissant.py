"""Croissant 1.0 (MLCommons): croissant.json describes images, pristine photos and the table beside it.

Format: docs.mlcommons.org/croissant/docs/croissant-spec.html. One record a sample; its fields are the
columns of samples.parquet and the image itself, joined by file name. What only the publisher can know (url,
version, date) is left to be added.
"""

import hashlib
import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from glint_data import __version__
from glint_data.exports.about import About, Exported
from glint_data.exports.card import description, one_licence, scores_text, terms_text, write_card
from glint_data.exports.folder import write_file
from glint_data.exports.format import Format, Row, export_format
from glint_data.exports.tables import COLUMNS, MEANINGS, ParquetTable, left_out

FILE, TABLE = "croissant.json", "samples.parquet"
_JOIN = "image_name"
"""Joins table and images: mlcroissant compares a column with a file's name, not with its path."""
_TYPES = {"int16": "Integer", "int32": "Integer", "float": "Float", "double": "Float"}


@export_format
class Croissant(Format):
    """Images and a table with Croissant metadata."""

    title = "Croissant"
    takes_several = False

    def __init__(self, folder: Path, about: About) -> None:
        super().__init__(folder, about)
        dropped = left_out(about)
        columns = [_JOIN, *(name for name in COLUMNS if name not in dropped)]
        self.table = ParquetTable(folder / TABLE, columns)
        self.endings: set[str] = set()

    def add(self, rows: Sequence[Row]) -> None:
        """A row of the table each."""
        for row in rows:
            self.endings.add(row["file_name"].rpartition(".")[2])
            self.table.add(row | {_JOIN: Path(row["file_name"]).name})

    def finish(self, exported: Exported) -> None:
        """croissant.json and the card."""
        self.table.close()
        text = json.dumps(self._metadata(exported), indent=1, ensure_ascii=False)
        write_file(self.folder / FILE, (text + "\n").encode())
        files = {FILE: "Croissant 1.0 metadata", TABLE: "one row an image", "images/": "the samples"}
        if not self.about.no_reference:
            files["references/"] = "the pristine photos"
        write_card(self.folder, self.about, exported, files)

    def _metadata(self, exported: Exported) -> dict[str, Any]:
        about = self.about
        licence = one_licence(about, exported)
        cited = [described["citation"] for described in about.described_sets()]
        return {
            "@context": _CONTEXT,
            "@type": "sc:Dataset",
            "conformsTo": "http://mlcommons.org/croissant/1.0",
            "name": about.name,
            "description": f"{description(about, exported)} {scores_text(about, exported)}",
            "usageInfo": terms_text(about, exported),
            "creator": {"@type": "sc:Organization", "name": f"glint-data {__version__}"},
            **({"license": licence} if licence else {}),
            **({"citeAs": " ".join(cited)} if cited else {}),
            "distribution": self._distribution(),
            "recordSet": self._record_sets(),
        }

    def _record_sets(self) -> list[dict[str, Any]]:
        """Samples and, where there are any, the photos that their `reference_file_name` refers to."""
        columns = [_column(field.name, field.type) for field in self.table.schema]
        image = _file_field("samples", "image", "images", "content", "the sample's pixels")
        sets = [_record_set("samples", "sample_id", "one record a sample", [*columns, image])]
        if not self.about.no_reference:
            photo = [
                _file_field("photos", "file_name", "references", "fullpath", "path below this folder"),
                _file_field("photos", "image", "references", "content", "the photo's pixels"),
            ]
            sets.append(_record_set("photos", "file_name", "one record a pristine photo", photo))
        return sets

    def _distribution(self) -> list[dict[str, Any]]:
        with (self.folder / TABLE).open("rb") as stream:
            digest = hashlib.file_digest(stream, "sha256").hexdigest()
        table = {
            "@type": "cr:FileObject",
            "@id": "table",
            "name": "table",
            "description": "one row a sample",
            "contentUrl": TABLE,
            "contentSize": f"{(self.folder / TABLE).stat().st_size} B",
            "encodingFormat": "application/x-parquet",
            "sha256": digest,
        }
        sets = [_file_set("images", "the samples", sorted(self.endings))]
        if not self.about.no_reference:
            sets.append(_file_set("references", "the pristine photos", ["png"]))
        return [table, *sets]


def _record_set(name: str, key: str, meaning: str, fields: list[dict[str, Any]]) -> dict[str, Any]:
    return {
        "@type": "cr:RecordSet",
        "@id": name,
        "name": name,
        "description": meaning,
        "key": {"@id": f"{name}/{key}"},
        "field": fields,
    }


def _file_set(name: str, meaning: str, endings: list[str]) -> dict[str, Any]:
    return {
        "@type": "cr:FileSet",
        "@id": name,
        "name": name,
        "description": meaning,
        "encodingFormat": [f"image/{_MEDIA.get(suffix, suffix)}" for suffix in endings],
        "includes": [f"{name}/*.{suffix}" for suffix in endings],
    }


def _column(name: str, data_type: Any) -> dict[str, Any]:
    """A field that is a column of the table."""
    is_list = str(data_type).startswith("list")
    value = str(data_type.value_type if is_list else data_type)
    return {
        "@type": "cr:Field",
        "@id": f"samples/{name}",
        "name": name,
        "description": MEANINGS.get(name, "the last part of file_name"),
        "dataType": f"sc:{_TYPES.get(value, 'Text')}",
        **({"repeated": True} if is_list else {}),
        "source": {"fileObject": {"@id": "table"}, "extract": {"column": name}},
        **({"references": _JOINED[name]} if name in _JOINED else {}),
    }


def _file_field(records: str, name: str, files: str, extracted: str, meaning: str) -> dict[str, Any]:
    """A field taken from the files of a set: their content, or their path."""
    return {
        "@type": "cr:Field",
        "@id": f"{records}/{name}",
        "name": name,
        "description": meaning,
        "dataType": "sc:ImageObject" if extracted == "content" else "sc:Text",
        "source": {"fileSet": {"@id": files}, "extract": {"fileProperty": extracted}},
    }


_JOINED = {
    _JOIN: {"fileSet": {"@id": "images"}, "extract": {"fileProperty": "filename"}},
    "reference_file_name": {"field": {"@id": "photos/file_name"}},
}
"""Columns that name a file, and where that file is found. mlcroissant follows the first join only."""
_MEDIA = {"jpg": "jpeg", "tif": "tiff"}
_CONTEXT = {
    "@language": "en",
    "@vocab": "https://schema.org/",
    "citeAs": "cr:citeAs",
    "column": "cr:column",
    "conformsTo": "dct:conformsTo",
    "cr": "http://mlcommons.org/croissant/",
    "rai": "http://mlcommons.org/croissant/RAI/",
    "data": {"@id": "cr:data", "@type": "@json"},
    "dataType": {"@id": "cr:dataType", "@type": "@vocab"},
    "dct": "http://purl.org/dc/terms/",
    "equivalentProperty": "cr:equivalentProperty",
    "examples": {"@id": "cr:examples", "@type": "@json"},
    "extract": "cr:extract",
    "field": "cr:field",
    "fileProperty": "cr:fileProperty",
    "fileObject": "cr:fileObject",
    "fileSet": "cr:fileSet",
    "format": "cr:format",
    "includes": "cr:includes",
    "isLiveDataset": "cr:isLiveDataset",
    "jsonPath": "cr:jsonPath",
    "key": "cr:key",
    "md5": "cr:md5",
    "parentField": "cr:parentField",
    "path": "cr:path",
    "recordSet": "cr:recordSet",
    "references": "cr:references",
    "regex": "cr:regex",
    "repeated": "cr:repeated",
    "replace": "cr:replace",
    "samplingRate": "cr:samplingRate",
    "sc": "https://schema.org/",
    "separator": "cr:separator",
    "source": "cr:source",
    "subField": "cr:subField",
    "transform": "cr:transform",
}
