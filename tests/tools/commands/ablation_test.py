"""tools/ablation/table.py: what it says of results whose answer is known."""

import csv
import subprocess
import sys

from conftest import HERE

TABLE = HERE.parents[2] / "tools/ablation/table.py"
SIZES = {"lt5mm": 4, "5to10mm": 7, "ge10mm": 20}


def write_arm(folder, name, seed, dice, opening=None, sizes=SIZES, real=()):
    """Ten cases with one lesion of each size; dice(case, size) and opening(case, size). And one lesion of every case
    of each real set."""
    gates = [] if opening is None else ["gate1", "gate1_open"]
    with (folder / f"{name}-{seed}.csv").open("w", newline="") as file:
        out = csv.writer(file)
        out.writerow(["set", "case", "lesion", "diameter_mm", "size", "dice_1", "dice_5", *gates])
        for case in range(10):
            for lesion, (size, diameter) in enumerate(sizes.items()):
                value = dice(case, size)
                line = ["generated", f"case-{case}", lesion + 1, diameter, size, value, value]
                out.writerow(line + ([] if opening is None else [0.5, opening(case, size)]))
            for name_of_set, value in real:
                out.writerow([name_of_set, f"case-{case}", 1, 50, "ge10mm", value, value])


def rows_of(text, title):
    """The table under a line: {first cell: the other cells}."""
    lines = text.split(title + "\n\n")[1].split("\n\n")[0].splitlines()
    cells = [[cell.strip() for cell in line.strip("|").split("|")] for line in lines[2:]]
    return {row[0]: row[1:] for row in cells}


def make(folder):
    return subprocess.run([sys.executable, TABLE, folder], capture_output=True, text=True)


def test_averages_over_seeds_and_draws_intervals_over_cases(tmp_path):
    for seed, shift in ((1, -0.1), (2, 0.1)):
        write_arm(tmp_path, "none", seed, lambda case, size: 0.5 + shift)
        write_arm(tmp_path, "gated", seed, lambda case, size: 0.6 + shift + (0.2 if case < 5 else 0) * (size == "lt5mm"))
    made = make(tmp_path)
    assert made.returncode == 0, made.stderr
    dice = rows_of(made.stdout, "Dice after 1 click")
    assert dice["none"] == ["0.500 [0.500, 0.500]"] * 3  # no case differs from another
    assert dice["gated"][1:] == ["0.600 [0.600, 0.600]"] * 2
    mean, low, high = (float(number.strip("[],")) for number in dice["gated"][0].split())
    assert mean == 0.7 and 0.6 < low < 0.66 and 0.74 < high < 0.8  # half of the cases at 0.6, half at 0.8
    assert rows_of(made.stdout, "The same lesions' Dice less that of none")["gated"][1] == "+0.100 [+0.100, +0.100]"


def test_counts_open_gates_by_size(tmp_path):
    write_arm(tmp_path, "none", 1, lambda case, size: 0.5)
    write_arm(tmp_path, "gated", 1, lambda case, size: 0.5, lambda case, size: int(size == "lt5mm" or case < 3))
    gates = rows_of(make(tmp_path).stdout, "How often gates are open")
    assert gates == {"gated": ["1", "100 %", "30 %", "30 %"]}


def test_has_no_column_for_a_size_without_lesions(tmp_path):
    for arm in ("none", "gated"):
        write_arm(tmp_path, arm, 1, lambda case, size: 0.5, lambda case, size: 1, sizes={"ge10mm": 20})
    made = make(tmp_path)
    assert made.returncode == 0, made.stderr
    assert rows_of(made.stdout, "Dice after 1 click")["gated"] == ["0.500 [0.500, 0.500]"]
    assert rows_of(made.stdout, "How often gates are open")["gated"] == ["1", "100 %"]


def test_tells_sets_of_real_lesions_apart_whose_cases_are_called_alike(tmp_path):
    for arm, better in (("none", 0), ("open", 0.25)):
        write_arm(tmp_path, arm, 1, lambda case, size: 0.5, real=[("mr", 0.5 + better), ("ct", 0.25)])
    made = make(tmp_path)
    assert made.returncode == 0, made.stderr
    assert "| arm | ct | mr | below 5 mm | 5 to 10 mm | 10 mm and more |" in made.stdout
    difference = rows_of(made.stdout, "The same lesions' Dice less that of none")["open"]
    assert difference == [f"+{value} [+{value}, +{value}]" for value in ("0.000", "0.250", "0.000", "0.000", "0.000")]


def test_says_so_where_there_is_nothing(tmp_path):
    made = make(tmp_path)
    assert made.returncode != 0 and "holds no ARM-SEED.csv" in made.stderr
