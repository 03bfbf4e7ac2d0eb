"""Small copies of the public sets in the form they are published in: real scores of some images, made-up pixels.

Each builder writes ROOT from rows of the set's real table and returns the expected (sample_id -> score on 0 to 1).
"""

from pathlib import Path

import cv2
import numpy as np
import pandas as pd


def picture(file: Path, seed: int = 0) -> Path:
    """A small image of its own at `file`, in the format its ending names."""
    file.parent.mkdir(parents=True, exist_ok=True)
    pixels = np.random.default_rng(seed).integers(0, 256, (6, 8, 3), dtype=np.uint8)
    big = cv2.resize(pixels, (64, 48), interpolation=cv2.INTER_CUBIC)
    ending = file.suffix.lower()
    file.write_bytes(cv2.imencode(ending, big)[1].tobytes())
    return file


def pictures(root: Path, names) -> None:
    for seed, name in enumerate(dict.fromkeys(names)):
        picture(root / name, seed)


def kadid(root: Path, table: pd.DataFrame) -> dict[str, float]:
    table.rename(columns={"dist_name": "dist_img", "ref_name": "ref_img", "std": "var"})[
        ["dist_img", "ref_img", "dmos", "var"]
    ].to_csv(root / "dmos.csv", index=False)
    pictures(root / "images", [*table["dist_name"], *table["ref_name"]])
    return {
        Path(name).stem: (score - 1) / 4
        for name, score in zip(table["dist_name"], table["dmos"], strict=True)
    }


def tid_id(name: str) -> str:
    source, type_number, level = Path(name).stem.upper().split("_")
    return f"{source}_{type_number}_{int(level):02d}"


def tid2013(root: Path, table: pd.DataFrame) -> dict[str, float]:
    lines = [f"{score:.5f} {name}" for score, name in zip(table["mos"], table["dist_name"], strict=True)]
    (root / "mos_with_names.txt").write_text("\n".join(lines) + "\n")
    (root / "mos.txt").write_text("".join(f"{score:.5f}\n" for score in table["mos"]))
    (root / "mos_std.txt").write_text("".join(f"{spread:.5f}\n" for spread in table["std"]))
    # other case than in the table, as on the disks of the world
    pictures(root / "distorted_images", [name.lower() for name in table["dist_name"]])
    pictures(root / "reference_images", [name.upper() for name in table["ref_name"]])
    return {tid_id(name): score / 9 for name, score in zip(table["dist_name"], table["mos"], strict=True)}


CSIQ = {"AWGN": ("noise", 1), "JPEG": ("jpeg", 2), "jpeg2000": ("jpeg 2000", 3), "fnoise": ("fnoise", 4)}
CSIQ |= {"BLUR": ("blur", 5), "contrast": ("contrast", 6)}


def csiq(root: Path, table: pd.DataFrame) -> dict[str, float]:
    parts = [name.removesuffix(".png").rsplit(".", 2) for name in table["dist_name"]]
    rows = [
        [image, 1, CSIQ[type_number][0], int(level), 0.05, score]
        for (image, type_number, level), score in zip(parts, table["dmos"], strict=True)
    ]
    blank = [[None] * 6]
    header = [["image", "dst_idx", "dst_type", "dst_lev", "dmos_std", "dmos"]]
    sheet = pd.DataFrame([*blank, *header, *rows])
    with pd.ExcelWriter(root / "csiq.DMOS.xlsx") as book:
        pd.DataFrame([["read me"]]).to_excel(book, sheet_name="notes", header=False, index=False)
        sheet.to_excel(book, sheet_name="all_by_image", header=False, index=False)
    pictures(
        root / "dst_imgs",
        [
            f"{type_number.lower()}/{'.'.join((image, type_number, level))}.png"
            for image, type_number, level in parts
        ],
    )
    pictures(root / "src_imgs", table["ref_name"])
    return {
        f"{image}_{CSIQ[type_number][1]:02d}_{int(level):02d}": 1 - score
        for (image, type_number, level), score in zip(parts, table["dmos"], strict=True)
    }


LIVE = {"jp2k": 227, "jpeg": 233, "wn": 174, "gblur": 174, "fastfading": 174}


def live(root: Path, table: pd.DataFrame) -> dict[str, float]:
    """All 982 entries of the .mat files, originals among them; the images of the given rows only."""
    from scipy.io import savemat

    known = {row.dist_name: row for row in table.itertuples()}
    names = [f"{folder}/img{number + 1}.bmp" for folder, count in LIVE.items() for number in range(count)]
    scores = [known[name].mos if name in known else 0.0 for name in names]
    references = [Path(known[name].ref_name).name if name in known else "bikes.bmp" for name in names]
    originals = [0.0 if name in known else 1.0 for name in names]
    arrays = {"dmos_new": [scores], "dmos_std": [[5.5] * len(names)], "orgs": [originals]}
    savemat(root / "dmos_realigned.mat", {name: np.array(values) for name, values in arrays.items()})
    savemat(root / "refnames_all.mat", {"refnames_all": np.array([references], dtype=object)})
    pictures(root, known)
    pictures(root / "refimgs", {Path(row.ref_name).name for row in known.values()})
    return {
        name.replace("/", "_").removesuffix(".bmp"): 1 - (row.mos + 10) / 130 for name, row in known.items()
    }


def live_md(root: Path, table: pd.DataFrame) -> dict[str, float]:
    from scipy.io import savemat

    for part in ("Part 1", "Part 2"):
        rows = table[table["dist_name"].str.startswith(part)]
        (root / part).mkdir()
        names = [[Path(name).name] for name in rows["dist_name"]]
        cells = np.empty((len(names), 1), dtype=object)
        cells[:, 0] = [name[0] for name in names]
        savemat(root / part / "Imagelists.mat", {"distimgs": cells})
        savemat(root / part / "Scores.mat", {"DMOSscores": rows["dmos"].to_numpy()[None]})
    pictures(root, [*table["dist_name"], *table["ref_name"]])
    return {
        f"{Path(name).parent.name}_{Path(name).stem}": 1 - score / 100
        for name, score in zip(table["dist_name"], table["dmos"], strict=True)
    }


def pipal(root: Path, table: pd.DataFrame) -> dict[str, float]:
    (root / "Train_Label").mkdir()
    for reference, rows in table.groupby("hq_name"):
        lines = [
            f"{name},{score}\n" for name, score in zip(rows["dist_name"], rows["elo_score"], strict=True)
        ]
        (root / "Train_Label" / f"{Path(reference).stem}.txt").write_text("".join(lines))
    pictures(root / "Train_Dist", table["dist_name"])
    pictures(root / "Train_Ref", table["hq_name"])
    return {
        Path(n).stem: (s - 900) / 950 for n, s in zip(table["dist_name"], table["elo_score"], strict=True)
    }


def koniq10k(root: Path, table: pd.DataFrame) -> dict[str, float]:
    renamed = table.rename(columns={"img_name": "image_name", "mos": "MOS_zscore", "std": "SD"})
    renamed.assign(MOS=3.0).to_csv(root / "koniq10k_scores_and_distributions.csv", index=False)
    pictures(root / "1024x768", table["img_name"])
    pictures(root / "512x384", table["img_name"])
    return {
        Path(name).stem: (score - 1) / 99 for name, score in zip(table["img_name"], table["mos"], strict=True)
    }


def clive(root: Path, table: pd.DataFrame) -> dict[str, float]:
    from scipy.io import savemat

    (root / "Data").mkdir()
    names = np.empty((len(table), 1), dtype=object)
    names[:, 0] = table["img_name"].tolist()
    savemat(root / "Data" / "AllImages_release.mat", {"AllImages_release": names})
    savemat(root / "Data" / "AllMOS_release.mat", {"AllMOS_release": table["mos"].to_numpy()[None]})
    savemat(root / "Data" / "AllStdDev_release.mat", {"AllStdDev_release": table["std"].to_numpy()[None]})
    for seed, name in enumerate(table["img_name"]):
        picture(root / "Images" / ("trainingImages" if name.startswith("t") else "") / name, seed)
    return {Path(name).stem: score / 100 for name, score in zip(table["img_name"], table["mos"], strict=True)}


def spaq(root: Path, table: pd.DataFrame) -> dict[str, float]:
    (root / "Annotations").mkdir()
    table.iloc[:, :7].to_excel(root / "Annotations" / "MOS and Image attribute scores.xlsx", index=False)
    pictures(root / "TestImage", table["Image name"])
    return {
        Path(name).stem: score / 100 for name, score in zip(table["Image name"], table["MOS"], strict=True)
    }


def bid(root: Path, _table: None) -> dict[str, float]:
    rows = [(number, round(number % 50 / 10, 2)) for number in (1, 2, 17, 123)]
    pd.DataFrame(rows, columns=["Image", "Average"]).to_excel(root / "DatabaseGrades.xlsx", index=False)
    pictures(root, [f"DatabaseImage{number:04d}.JPG" for number, _ in rows])
    return {f"DatabaseImage{number:04d}": score / 5 for number, score in rows}


def biq2021(root: Path, table: pd.DataFrame) -> dict[str, float]:
    for part, name in (("train", "Train"), ("val", "Test")):
        rows = table[table["split"] == part]
        names = [spelled(image) for image in rows["image"]]
        pd.DataFrame({"Image Name": names, "MOS": rows["mos"]}).to_csv(
            root / f"{name} (Images and MOS).csv", index=False
        )
    pictures(root / "Images", [spelled(image) for image in table["image"]])
    return {
        spelled(image).removesuffix(".jpg").replace(" (", "-").replace(")", ""): score
        for image, score in zip(table["image"], table["mos"], strict=True)
    }


def spelled(image: str) -> str:
    """ss01_1000.jpg as the published folder calls it: ss01 (1000).jpg."""
    subset, number = image.removesuffix(".jpg").split("_")
    return f"{subset} ({number}).jpg"


BUILDERS = {
    "kadid": kadid,
    "tid2013": tid2013,
    "csiq": csiq,
    "live": live,
    "live-md": live_md,
    "pipal": pipal,
    "koniq10k": koniq10k,
    "clive": clive,
    "spaq": spaq,
    "bid": bid,
    "biq2021": biq2021,
}
META = {
    "kadid": "meta_info_KADID10kDataset.csv",
    "tid2013": "meta_info_TID2013Dataset.csv",
    "csiq": "meta_info_CSIQDataset.csv",
    "live": "meta_info_LIVEIQADataset.csv",
    "live-md": "meta_info_LIVEMDDataset.csv",
    "pipal": "meta_info_PIPALDataset.csv",
    "koniq10k": "meta_info_KonIQ10kDataset.csv",
    "clive": "meta_info_LIVEChallengeDataset.csv",
    "spaq": "meta_info_SPAQDataset.csv",
}
