#!/usr/bin/env python3
"""Thins the full golden file to what is kept in the repository: tensors of more than LIMIT values become every STRIDEth
value of the flattened tensor, under the name NAME#STRIDE; masks stay whole, four voxels being their tolerance.

    make_small.py seed1.safetensors seed1_small.safetensors        (needs numpy and safetensors)
"""
import sys

from safetensors.numpy import load_file, save_file

LIMIT = 40000
STRIDE = 13

full = load_file(sys.argv[1])
small = {}
for name, values in full.items():
    if values.size <= LIMIT or name.endswith("mask_bits"):
        small[name] = values
    else:
        small[f"{name}#{STRIDE}"] = values.reshape(-1)[::STRIDE].copy()
save_file(small, sys.argv[2])
