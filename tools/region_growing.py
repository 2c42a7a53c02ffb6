#!/usr/bin/env python3
"""What region growing makes of the same lesions from the same first clicks: the floor that needs no model.

    sgpsam-model evaluate --model M --data ct:label=1 --data mr --csv scores.csv
    python tools/region_growing.py scores.csv ct:label=1 mr         # needs SimpleITK and numpy

A folder is written as `evaluate --data` takes it. Two methods of SimpleITK, both from the lesion's first click in the
CSV: ConnectedThreshold, within so many standard deviations of the 3x3x3 voxels around the click, and ConfidenceConnected
with such a multiplier and four iterations; one number for the set each, chosen on the set, which flatters them. Prints
the mean Dice of all lesions and of each size, as `evaluate` does.
"""
import argparse
import csv
import json
import pathlib
import re
import sys

import numpy
import SimpleITK

SIZES = [("all", "all"), ("lt5mm", "below 5 mm"), ("5to10mm", "5 to 10 mm"), ("ge10mm", "10 mm and more")]
WIDTHS = (1, 1.5, 2, 3, 4, 6, 8, 12)
MULTIPLIERS = (0.5, 1, 1.5, 2, 2.5)


class Folder:
    """A data set as `evaluate --data` names it; labels and channels by value, or by name."""

    def __init__(self, text):
        path, _, keys = text.rpartition(":") if "=" in text.rpartition(":")[2] else (text, "", "")
        self.path = pathlib.Path(path)
        own = dict(key.split("=", 1) for key in keys.split(",") if key)
        self.name = own.get("name") or re.sub(r"[^\w.+-]", "_", self.path.resolve().name, flags=re.ASCII)
        self.dataset = json.loads((self.path / "dataset.json").read_text())
        self.values = self.label_values(own.get("label"))
        self.channel = self.channel_number(own.get("channel"))

    def label_values(self, choice):
        values = {}
        for key, value in self.dataset["labels"].items():
            name, number = (value, int(key)) if isinstance(value, str) else (key, value)
            values[name] = number if isinstance(number, list) else [number]
        named = {name: numbers for name, numbers in values.items() if 0 not in numbers}
        if choice is None:
            if len(named) != 1:
                sys.exit(f"{self.path}: choose a label: {', '.join(named)}")
            return next(iter(named.values()))
        return [int(choice)] if choice.isdigit() else named[choice]

    def channel_number(self, choice):
        names = self.dataset.get("channel_names") or self.dataset.get("modality") or {"0": ""}
        if choice is None or choice.isdigit():
            return int(choice or 0)
        return next(int(number) for number, name in names.items() if name == choice)

    def files(self, case):
        """Image and label, as either layout has them."""
        for entry in self.dataset.get("training", []):
            if pathlib.Path(entry["image"]).name.removesuffix(".gz").removesuffix(".nii") == case:
                return self.path / entry["image"], self.path / entry["label"]
        if case in self.dataset.get("dataset", {}):
            entry = self.dataset["dataset"][case]
            return self.path / entry["images"][self.channel], self.path / entry["label"]
        ending = self.dataset.get("file_ending", ".nii.gz")
        return self.path / f"imagesTr/{case}_{self.channel:04}{ending}", self.path / f"labelsTr/{case}{ending}"

    def read(self, case):
        image_file, label_file = self.files(case)
        image = SimpleITK.ReadImage(str(image_file), SimpleITK.sitkFloat32)
        if image.GetDimension() == 4:
            image = image[:, :, :, self.channel]
        mask = numpy.isin(SimpleITK.GetArrayFromImage(SimpleITK.ReadImage(str(label_file))), self.values)
        parts = SimpleITK.ConnectedComponent(SimpleITK.GetImageFromArray(mask.astype(numpy.uint8)), True)
        return image, SimpleITK.GetArrayFromImage(parts)


def dice(mask, truth):
    mask = SimpleITK.GetArrayViewFromImage(mask) > 0
    return 2 * numpy.count_nonzero(mask & truth) / (numpy.count_nonzero(mask) + numpy.count_nonzero(truth))


def grow(image, parts, click):
    """Dice of each width of ConnectedThreshold, and of each multiplier of ConfidenceConnected."""
    i, j, k = click
    part = parts[k, j, i]
    if part == 0:
        sys.exit(f"voxel {i} {j} {k} is in no lesion: the CSV is of other images or another label")
    truth = parts == part
    around = SimpleITK.GetArrayViewFromImage(image)[tuple(slice(max(0, n - 1), n + 2) for n in (k, j, i))]
    middle, deviation = float(around.mean()), max(float(around.std()), 1e-3)
    threshold = [dice(SimpleITK.ConnectedThreshold(image, [click], middle - width * deviation, middle + width * deviation),
                      truth) for width in WIDTHS]
    confidence = [dice(SimpleITK.ConfidenceConnected(image, [click], numberOfIterations=4, multiplier=multiplier,
                                                     initialNeighborhoodRadius=1), truth) for multiplier in MULTIPLIERS]
    return threshold, confidence


def read_lines(path):
    with path.open(newline="") as file:
        return list(csv.DictReader(file))


def means(lines, scores):
    cells = []
    for size, _ in SIZES:
        chosen = [score for line, score in zip(lines, scores) if size in ("all", line["size"])]
        cells.append(f"{sum(chosen) / len(chosen):.3f}" if chosen else "-")
    return cells


def report(folder, lines):
    all_scores, last, read = [], None, None
    for line in lines:
        if line["case"] != last:
            last, read = line["case"], folder.read(line["case"])
        all_scores.append(grow(*read, tuple(int(line[axis]) for axis in "ijk")))
    print(f"{folder.name}: {len(lines)} lesions of {len({line['case'] for line in lines})} cases\n")
    rows = [("", [name for _, name in SIZES])]
    for method, (title, numbers) in enumerate([("ConnectedThreshold, {:g} standard deviations", WIDTHS),
                                               ("ConfidenceConnected, multiplier {:g}", MULTIPLIERS)]):
        scores = numpy.array([both[method] for both in all_scores])
        best = int(scores.mean(axis=0).argmax())
        rows.append((title.format(numbers[best]), means(lines, scores[:, best])))
    for title, cells in rows:
        print("".join([f"{title:46}", *(f"{cell:16}" for cell in cells)]).rstrip())
    print()


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("csv", type=pathlib.Path)
    parser.add_argument("folders", nargs="+", type=Folder)
    given = parser.parse_args()
    lines = read_lines(given.csv)
    for folder in given.folders:
        own = [line for line in lines if line["set"] == folder.name]
        if not own:
            sys.exit(f"{given.csv} has no lesion of a set {folder.name}")
        report(folder, own)


if __name__ == "__main__":
    main()
