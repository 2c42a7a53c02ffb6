#!/usr/bin/env python3
"""The table of an ablation, from the lines of lesions that `sgpsam-model evaluate --csv` has written.

    tools/ablation/table.py FOLDER          reads FOLDER/ARM-SEED.csv

A lesion's Dice is averaged over the seeds first. Intervals are those of a bootstrap over the cases (2.5 to 97.5
percent of 2,000 draws, always the same ones), so lesions of one abdomen count as what they are. Differences
are taken lesion by lesion against the arm that the table names.
"""
import collections
import csv
import pathlib
import random
import re
import sys

SIZES = [("lt5mm", "below 5 mm"), ("5to10mm", "5 to 10 mm"), ("ge10mm", "10 mm and more")]
DRAWS = 2000
CLICKS = ("1", "5")


def read_arms(folder):
    """{arm: {lesion: [row of each seed]}}, a lesion being its case and number."""
    arms = collections.defaultdict(lambda: collections.defaultdict(list))
    for path in sorted(folder.glob("*-*.csv")):
        match = re.fullmatch(r"(.+)-(\d+)", path.stem)
        if not match:
            continue
        with path.open(newline="") as file:
            for row in csv.DictReader(file):
                arms[match[1]][row["case"], row["lesion"]].append(row)
    return arms


def mean(values):
    return sum(values) / len(values)


def mean_and_interval(by_lesion):
    """by_lesion: {(case, lesion): value} -> (mean, low, high)."""
    by_case = collections.defaultdict(list)
    for (case, _), value in sorted(by_lesion.items()):
        by_case[case].append(value)
    cases, chance = list(by_case.values()), random.Random(1)
    draws = sorted(
        mean([value for case in chance.choices(cases, k=len(cases)) for value in case]) for _ in range(DRAWS)
    )
    return mean(list(by_lesion.values())), draws[int(0.025 * DRAWS)], draws[int(0.975 * DRAWS)]


def cell(form, by_lesion):
    return form.format(*mean_and_interval(by_lesion)) if by_lesion else "-"


def column(lesions, field, size):
    return {
        lesion: mean([float(row[field]) for row in rows])
        for lesion, rows in lesions.items()
        if rows[0]["size"] == size and all(row[field] for row in rows)  # without a mask there is no score
    }


def table(header, rows):
    yield "| " + " | ".join(header) + " |"
    yield "| " + " | ".join("---" for _ in header) + " |"
    for row in rows:
        yield "| " + " | ".join(row) + " |"


def dice_rows(arms, clicks):
    for arm, lesions in arms.items():
        columns = [column(lesions, f"dice_{clicks}", size) for size, _ in SIZES]
        yield [arm] + [cell("{:.3f} [{:.3f}, {:.3f}]", values) for values in columns]


def difference_rows(arms, against, clicks):
    for arm, lesions in arms.items():
        if arm == against:
            continue
        cells = []
        for size, _ in SIZES:
            base, own = column(arms[against], f"dice_{clicks}", size), column(lesions, f"dice_{clicks}", size)
            cells.append(cell("{:+.3f} [{:+.3f}, {:+.3f}]", {at: own[at] - base[at] for at in own if at in base}))
        yield [arm] + cells


def gate_rows(arms):
    for arm, lesions in arms.items():
        rows = next(iter(lesions.values()))
        for gate in range(1, 100):
            if f"gate{gate}_open" not in rows[0]:
                break
            shares = [column(lesions, f"gate{gate}_open", size) for size, _ in SIZES]
            rates = [f"{100 * mean(list(share.values())):.0f} %" if share else "-" for share in shares]
            yield [arm, str(gate), *rates]


def main(folder):
    arms = read_arms(folder)
    if not arms:
        sys.exit(f"{folder} holds no ARM-SEED.csv")
    names = [name for _, name in SIZES]
    seeds = {arm: max(len(rows) for rows in lesions.values()) for arm, lesions in arms.items()}
    print(f"{len(next(iter(arms.values())))} lesions; seeds: {', '.join(f'{a} {n}' for a, n in seeds.items())}\n")
    for clicks in CLICKS:
        print(f"Dice after {clicks} click{'s' if clicks != '1' else ''}\n")
        print(*table(["arm", *names], dice_rows(arms, clicks)), "", sep="\n")
        for against in [arm for arm in ("none", "gated") if arm in arms]:
            print(f"The same lesions' Dice less that of {against}\n")
            print(*table(["arm", *names], difference_rows(arms, against, clicks)), "", sep="\n")
    print("How often gates are open\n")
    print(*table(["arm", "gate", *names], gate_rows(arms)), sep="\n")


if __name__ == "__main__":
    main(pathlib.Path(sys.argv[1]))
