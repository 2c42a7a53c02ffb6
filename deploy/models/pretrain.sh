#!/usr/bin/env bash
# A small promptable model of organs, vessels and shapes, from nothing but the generator; no lesion is shown to it.
# Where remake.sh and the ablation begin. Needs `make programs`; ended, it goes on when it is called again.
#
#     deploy/models/pretrain.sh OUT.safetensors
set -euo pipefail
cd "$(dirname "$0")/../.."
build/release/bin/sgpsam-model train --config demo --no-sgpm --seed 1 --generated 480 --content shapes \
  --generated-seed 0 --train image_encoder,prompt_encoder,mask_decoder --loss zoom --kinds-weight 1 --device cpu \
  --precision bf16 --batch 4 --accumulate 2 --store fp16 --clicks 2 --lr 4e-4 --warm-up 100 --steps 4600 \
  --spacing 0.8 1.6 --jitter 6 --memory 12 --out "$1"
