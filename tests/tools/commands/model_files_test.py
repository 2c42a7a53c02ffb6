"""make-seeded and info: model files are made, refused and described as the help says."""

import hashlib
import json
import os

from safetensors.numpy import load_file

from conftest import FAILED, USAGE, call


def only(folder, name):
    """Nothing but `name` (or nothing at all) was left."""
    return sorted(os.listdir(folder)) == sorted([name] if name else [])


def test_the_same_seed_makes_the_same_file(tiny, tmp_path):
    for seed, same in ((5, True), (6, False)):
        path = tmp_path / f"{seed}.safetensors"
        call("make-seeded", "--seed", seed, "--config", "tiny", "--out", path)
        assert (path.read_bytes() == tiny.read_bytes()) == same


def test_info_describes_a_file(tiny):
    info = json.loads(call("info", tiny, "--json"))
    assert info["sha256"] == hashlib.sha256(tiny.read_bytes()).hexdigest()
    assert info["tensors"] == len(load_file(tiny))
    assert info["parameters"] == sum(array.size for array in load_file(tiny).values())
    assert info["config"]["embed_dim"] == 16
    assert info["config"]["sgpm"]["blocks"] == [1, 3]
    assert info["sha256"] in call("info", tiny)


def test_damaged_model_files_are_refused(tiny, tmp_path):
    whole = tiny.read_bytes()
    for content in (whole[:-1], whole + b"x", whole[:7], b""):
        (tmp_path / "in.safetensors").write_bytes(content)
        message = call("info", tmp_path / "in.safetensors", code=FAILED)
        assert str(tmp_path / "in.safetensors") in message
    assert "no such file" in call("info", tmp_path / "none", code=FAILED).lower()


def test_wrong_usage_has_its_own_exit_code(tmp_path):
    for arguments in ([], ["no-such-command"], ["make-seeded"], ["make-seeded", "--seed", "x", "--out", tmp_path / "o"],
                      ["make-seeded", "--seed", 1, "--config", "huge", "--out", tmp_path / "o"], ["import"]):
        call(*arguments, code=USAGE)
    assert only(tmp_path, None)
    assert "Exit codes: 0" in call("--help")


def test_an_impossible_place_is_named_and_nothing_is_left(tmp_path):
    message = call("make-seeded", "--seed", 1, "--config", "tiny", "--out", tmp_path / "no/o", code=FAILED)
    assert str(tmp_path / "no/o") in message
    (tmp_path / "folder").mkdir()
    call("make-seeded", "--seed", 1, "--config", "tiny", "--out", tmp_path / "folder", code=FAILED)
    assert only(tmp_path, "folder")


def test_adapt_gives_a_model_what_it_was_made_without(tiny, tmp_path):
    out = tmp_path / "adapted.safetensors"
    call("adapt", "--model", tiny, "--out", out, "--scale", "CT=-160:240,-1000:1000", "--scale", "=2.5sd,10sd",
         "--refiner-channels", 4, "--grid-origin", "focus")
    config = json.loads(call("info", out, "--json"))["config"]
    assert config["grid_origin"] == "focus" and config["refiner_channels"] == 4
    assert config["intensities"] == [
        {"modality": "CT", "by_deviation": False, "windows": [[-160, 240], [-1000, 1000]]},
        {"modality": "", "by_deviation": True, "windows": [[-2.5, 2.5], [-10, 10]]}]
    before, after = load_file(tiny), load_file(out)
    kernel = "image_encoder.patch_embed.proj.weight"
    assert (after[kernel][:, :1] == before[kernel]).all() and not after[kernel][:, 1:].any()
    assert not after["mask_refiner.out.weight"].any()
    described = call("info", out)
    assert "CT -160 to 240 and -1000 to 1000" in described and "hangs on the click" in described


def test_adapt_says_how_a_scaling_is_written(tiny, tmp_path):
    for wrong in ("CT", "CT=", "CT=1", "CT=1:2:3", "CT=a:b", "CT=1:2,3sd"):
        message = call("adapt", "--model", tiny, "--out", tmp_path / "o", "--scale", wrong, code=FAILED)
        assert "CT=-160:240,-1000:1000" in message
    message = call("adapt", "--model", tiny, "--out", tmp_path / "o", "--scale", "CT=-160:240", code=FAILED)
    assert "one must be without a modality" in message
    assert only(tmp_path, None)
