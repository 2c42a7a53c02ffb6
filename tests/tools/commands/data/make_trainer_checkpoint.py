#!/usr/bin/env python3
"""Makes tests/tools/commands/data/tiny_trainer.pth with real PyTorch (2.11.0), the way SAM-Med3D's train.py saves.

    python3 make_trainer_checkpoint.py tiny.safetensors tiny_trainer.pth

`tiny.safetensors` comes from `sgpsam-model make-seeded --seed 5 --config tiny --no-sgpm`: the test imports the
checkpoint and compares it with that file. Next to the weights stands what a trainer's checkpoint has: the
optimizer's and the scheduler's state, lists of losses, numpy scalars, and argparse's arguments.
Some tensors are saved as other training code leaves them, with the same values: a transposed view, two tensors
that share one storage, a parameter.
"""
import argparse
import sys
from collections import OrderedDict

import numpy
import torch
from safetensors.torch import load_file


def state_dict(path):
    weights = OrderedDict(sorted(load_file(path).items()))
    name = "mask_decoder.transformer.layers.0.self_attn.q_proj.weight"
    weights[name] = weights[name].t().contiguous().t()
    first, second = (f"prompt_encoder.point_embeddings.{i}.weight" for i in (0, 1))
    shared = torch.cat([weights[first], weights[second]])
    weights[first], weights[second] = shared[0:1], shared[1:2]
    weights["mask_decoder.iou_token.weight"] = torch.nn.Parameter(weights["mask_decoder.iou_token.weight"])
    weights._metadata = OrderedDict({"": {"version": 1}})
    return weights


def optimizer_state():
    parameter = torch.nn.Parameter(torch.zeros(4))
    optimizer = torch.optim.AdamW([parameter], lr=8e-4)
    scheduler = torch.optim.lr_scheduler.MultiStepLR(optimizer, [120, 180])
    parameter.grad = torch.ones(4)
    optimizer.step()
    scheduler.step()
    return optimizer.state_dict(), scheduler.state_dict()


def main():
    source, target = sys.argv[1:]
    torch.manual_seed(1)
    optimizer, scheduler = optimizer_state()
    torch.save({
        "epoch": 3,
        "model_state_dict": state_dict(source),
        "optimizer_state_dict": optimizer,
        "lr_scheduler_state_dict": scheduler,
        "losses": [1.0, 0.5, numpy.float64(0.25)],
        "dices": [0.1, 0.2],
        "best_loss": numpy.float32(0.25),
        "best_dice": 0.2,
        "args": argparse.Namespace(task_name="tiny", lr=8e-4, img_size=128, multi_click=False, device="cuda",
                                   gpu_ids=[0, 1], resume=None),
        "used_datas": ["ct", {"mr"}],
    }, target)


if __name__ == "__main__":
    main()
