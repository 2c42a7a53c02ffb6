#!/usr/bin/env python3
"""The table of an ablation, from the lines of lesions that `sgpsam-model evaluate --csv` has written.

    tools/ablation/table.py FOLDER          reads FOLDER/ARM-SEED.csv

Made-up lesions are told apart by size, real ones by the set that they are of. A lesion's Dice is averaged over the seeds first. Intervals are those of a bootstrap over the cases (2.5 to 97.5
percent of 2,000 draws, always the same ones), so lesions of one abdomen count as what they are. Differences
are taken lesion by lesion against the arm that the table names.
"""
import collections
import csv
import pathlib
import random
import re
import sys

SIZES = {"lt5mm": "below 5 mm", "5to10mm": "5 to 10 mm", "ge10mm": "10 mm and more"}
MADE_UP = "generated"
DRAWS = 2000
CLICKS = ("1", "5")


def read_arms(folder):
    """{arm: {lesion: [row of each seed]}}, a lesion being its set, case and number."""
    arms = collections.defaultdict(lambda: collections.defaultdict(list))
    for path in sorted(folder.glob("*-*.csv")):
        match = re.fullmatch(r"(.+)-(\d+)", path.stem)
        if not match:
            continue
        with path.open(newline="") as file:
            for row in csv.DictReader(file):
                arms[match[1]][row["set"], row["case"], row["lesion"]].append(row)
    return arms


def column_of(row):
    return SIZES[row["size"]] if row["set"] == MADE_UP else row["set"]


def columns_of(arms):
    """The columns for which there are lesions, those of real ones first."""
    found = {column_of(rows[0]) for lesions in arms.values() for rows in lesions.values()}
    return sorted(found - set(SIZES.values())) + [size for size in SIZES.values() if size in found]


def mean(values):
    return sum(values) / len(values)


def mean_and_interval(by_lesion):
    """by_lesion: {(set, case, lesion): value} -> (mean, low, high)."""
    by_case = collections.defaultdict(list)
    for (_, case, _), value in sorted(by_lesion.items()):
        by_case[case].append(value)
    cases, chance = list(by_case.values()), random.Random(1)
    draws = sorted(
        mean([value for case in chance.choices(cases, k=len(cases)) for value in case]) for _ in range(DRAWS)
    )
    return mean(list(by_lesion.values())), draws[int(0.025 * DRAWS)], draws[int(0.975 * DRAWS)]


def cell(form, by_lesion):
    return form.format(*mean_and_interval(by_lesion)) if by_lesion else "-"


def column(lesions, field, name):
    return {
        lesion: mean([float(row[field]) for row in rows])
        for lesion, rows in lesions.items()
        if column_of(rows[0]) == name and all(row[field] for row in rows)  # without a mask there is no score
    }


def table(header, rows):
    yield "| " + " | ".join(header) + " |"
    yield "| " + " | ".join("---" for _ in header) + " |"
    for row in rows:
        yield "| " + " | ".join(row) + " |"


def dice_rows(arms, names, clicks):
    for arm, lesions in arms.items():
        columns = [column(lesions, f"dice_{clicks}", name) for name in names]
        yield [arm] + [cell("{:.3f} [{:.3f}, {:.3f}]", values) for values in columns]


def difference_rows(arms, names, against, clicks):
    for arm, lesions in arms.items():
        if arm == against:
            continue
        cells = []
        for name in names:
            base, own = column(arms[against], f"dice_{clicks}", name), column(lesions, f"dice_{clicks}", name)
            cells.append(cell("{:+.3f} [{:+.3f}, {:+.3f}]", {at: own[at] - base[at] for at in own if at in base}))
        yield [arm] + cells


def gate_rows(arms, names):
    for arm, lesions in arms.items():
        rows = next(iter(lesions.values()))
        for gate in range(1, 100):
            if f"gate{gate}_open" not in rows[0]:
                break
            shares = [column(lesions, f"gate{gate}_open", name) for name in names]
            rates = [f"{100 * mean(list(share.values())):.0f} %" if share else "-" for share in shares]
            yield [arm, str(gate), *rates]


def main(folder):
    arms = read_arms(folder)
    if not arms:
        sys.exit(f"{folder} holds no ARM-SEED.csv")
    names = columns_of(arms)
    seeds = {arm: max(len(rows) for rows in lesions.values()) for arm, lesions in arms.items()}
    print(f"{len(next(iter(arms.values())))} lesions; seeds: {', '.join(f'{a} {n}' for a, n in seeds.items())}\n")
    for clicks in CLICKS:
        print(f"Dice after {clicks} click{'s' if clicks != '1' else ''}\n")
        print(*table(["arm", *names], dice_rows(arms, names, clicks)), "", sep="\n")
        for against in [arm for arm in ("none", "gated") if arm in arms]:
            print(f"The same lesions' Dice less that of {against}\n")
            print(*table(["arm", *names], difference_rows(arms, names, against, clicks)), "", sep="\n")
    print("How often gates are open\n")
    print(*table(["arm", "gate", *names], gate_rows(arms, names)), sep="\n")


if __name__ == "__main__":
    main(pathlib.Path(sys.argv[1]))
