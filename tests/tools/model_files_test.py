"""make-seeded, import and info: model files are made, refused and described as the help says."""

import hashlib
import json
import os
import pickle
import zipfile

import numpy
import pytest
from safetensors.numpy import load_file

import trainer_checkpoint
from conftest import FAILED, HERE, USAGE, call

TRAINER = HERE / "data/tiny_trainer.pth"   # by PyTorch; its weights are make-seeded --seed 5


def plain(tensors):
    return {name: array for name, array in tensors.items() if not name.startswith("sgpm.")}


def assert_same(left, right):
    assert left.keys() == right.keys()
    for name in left:
        numpy.testing.assert_array_equal(left[name], right[name], err_msg=name)


def only(folder, name):
    """Nothing but `name` (or nothing at all) was left behind."""
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


def test_a_checkpoint_by_pytorch_is_imported_exactly(tiny, tmp_path):
    call("import", TRAINER, "--config", "tiny", "--out", tmp_path / "out.safetensors")
    imported = load_file(tmp_path / "out.safetensors")
    assert_same(plain(imported), plain(load_file(tiny)))
    assert not imported["sgpm.1.up.weight"].any()
    assert json.loads(call("info", tmp_path / "out.safetensors", "--json"))["config"]["point_embeddings"] == 2


@pytest.mark.parametrize("protocol", [2, 3, 4])
def test_every_pickle_protocol_is_read(tiny, tmp_path, protocol):
    expected = plain(load_file(tiny))
    trainer_checkpoint.save(tmp_path / "in.pth", expected, protocol=protocol)
    call("import", tmp_path / "in.pth", "--config", "tiny", "--no-sgpm", "--out", tmp_path / "out.safetensors")
    assert_same(load_file(tmp_path / "out.safetensors"), expected)


def test_names_of_dataparallel_and_half_precision_are_understood(tiny, tmp_path):
    expected = {name: array.astype(numpy.float16) for name, array in plain(load_file(tiny)).items()}
    trainer_checkpoint.save(tmp_path / "in.pth", {f"module.{name}": array for name, array in expected.items()})
    call("import", tmp_path / "in.pth", "--config", "tiny", "--no-sgpm", "--out", tmp_path / "out.safetensors")
    imported = load_file(tmp_path / "out.safetensors")
    assert_same(imported, {name: array.astype(numpy.float32) for name, array in expected.items()})


def test_a_hostile_pickle_is_not_executed(tiny, tmp_path):
    class Hostile:
        def __reduce__(self):
            return os.system, (f"touch {tmp_path}/executed",)

    trainer_checkpoint.save(tmp_path / "in.pth", plain(load_file(tiny)), hook=Hostile())
    with zipfile.ZipFile(tmp_path / "in.pth") as archive:
        assert b"system" in archive.read("checkpoint/data.pkl")
    call("import", tmp_path / "in.pth", "--config", "tiny", "--out", tmp_path / "out.safetensors")
    assert not (tmp_path / "executed").exists()
    pickle.loads(pickle.dumps(Hostile()))   # it would have worked
    assert (tmp_path / "executed").exists()


def test_wrong_tensors_are_listed_together(tiny, tmp_path):
    tensors = plain(load_file(tiny))
    del tensors["mask_decoder.iou_token.weight"]
    tensors["image_encoder.pos_embed"] = tensors["image_encoder.pos_embed"][..., :8]
    tensors["surplus"] = numpy.zeros(3, numpy.float32)
    trainer_checkpoint.save(tmp_path / "in.pth", tensors)
    message = call("import", tmp_path / "in.pth", "--config", "tiny", "--out", tmp_path / "out.safetensors", code=FAILED)
    assert str(tmp_path / "in.pth") in message
    assert "missing: mask_decoder.iou_token.weight [1,24]" in message
    assert "image_encoder.pos_embed [1,8,8,8,8] instead of [1,8,8,8,16]" in message
    assert "unexpected: surplus [3]" in message
    assert only(tmp_path, "in.pth")


def test_values_that_are_not_finite_are_refused_by_name(tiny, tmp_path):
    tensors = plain(load_file(tiny))
    tensors["image_encoder.neck.1.bias"] = numpy.full(24, numpy.nan, numpy.float32)
    trainer_checkpoint.save(tmp_path / "in.pth", tensors)
    message = call("import", tmp_path / "in.pth", "--config", "tiny", "--out", tmp_path / "out.safetensors", code=FAILED)
    assert "tensor image_encoder.neck.1.bias holds NaN or infinite values" in message


def test_damaged_checkpoints_are_refused(tiny, tmp_path):
    whole = TRAINER.read_bytes()
    damaged = {"truncated": whole[:len(whole) // 2], "no checkpoint": b"hello", "empty": b"",
               "neither": whole[:100_000] + b"\1" + whole[100_001:]}
    for reason, content in damaged.items():
        (tmp_path / "in.pth").write_bytes(content)
        message = call("import", tmp_path / "in.pth", "--config", "tiny", "--out", tmp_path / "out.safetensors", code=FAILED)
        assert str(tmp_path / "in.pth") in message, reason
        assert only(tmp_path, "in.pth"), reason
    trainer_checkpoint.save(tmp_path / "in.pth", plain(load_file(tiny)), compression=zipfile.ZIP_DEFLATED)
    assert "zip -0" in call("import", tmp_path / "in.pth", "--config", "tiny", "--out", tmp_path / "o", code=FAILED)
    (tmp_path / "in.pth").write_bytes(pickle.dumps({"a": 1}, protocol=2))
    assert "before 1.6" in call("import", tmp_path / "in.pth", "--out", tmp_path / "o", code=FAILED)


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
