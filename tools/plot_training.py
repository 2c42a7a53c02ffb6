"""Draws OUT.csv of `sgpsam-model train`: python tools/plot_training.py OUT.csv curves.png (needs matplotlib and pandas)."""
import sys

import matplotlib.pyplot as plt
import pandas

log = pandas.read_csv(sys.argv[1])
figure, panels = plt.subplots(4, 1, figsize=(9, 12), sharex=True)
for panel, column in zip(panels, ["loss", "dice_by_click", "opening_by_module", "learning_rate"]):
    for (kind, name), rows in log.fillna({"set": ""}).groupby(["kind", "set"]):
        values = rows[column].astype(str).str.split(expand=True).astype(float)
        for number in values:
            panel.plot(rows["step"], values[number].rolling(20, min_periods=1).mean(), label=f"{kind} {name} {number + 1}")
    panel.set_title(column)
    panel.legend()
figure.savefig(sys.argv[2])
