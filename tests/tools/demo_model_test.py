"""The model in deploy/models on made-up lesions that it has never seen: its masks mean something, a closer look
helps small lesions, and following a lesion over its patch's border helps large ones."""

import json

import pytest

from conftest import HERE, call

MODEL = HERE.parents[1] / "deploy/models/sgpsam-demo.safetensors"
CASES = 12


def dice(*options, clicks="1"):
    report = json.loads(call("evaluate", "--model", MODEL, "--cases", CASES, "--generated-seed", 3, "--json", *options))
    return report["dice"][clicks]


@pytest.fixture(scope="module")
def usual():
    """All sizes and clicks with nothing but the usual spacing."""
    return json.loads(call("evaluate", "--model", MODEL, "--cases", CASES, "--generated-seed", 3, "--json",
                           "--spacing", 1.5))["dice"]
