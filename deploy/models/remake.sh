#!/usr/bin/env bash
# Remakes the model beside this file from nothing but the generator: `make demo-model`. A run that was ended goes
# on where it was when the same command is given again. What it took is in README.md.
#
#     deploy/models/remake.sh [WORK-FOLDER]
set -euo pipefail
cd "$(dirname "$0")/../.."
work=${1:-build/demo-model}
model=build/release/bin/sgpsam-model
mkdir -p "$work"

# A promptable model of organs, vessels and shapes; no lesion is shown to it.
[ -s "$work/pretrained.safetensors" ] || "$model" train --config demo --no-sgpm --seed 1 \
  --generated 200 --content shapes --generated-seed 0 --train image_encoder,prompt_encoder,mask_decoder \
  --loss zoom --focal-weight 1 --kinds-weight 1 --precision bf16 --batch 4 --accumulate 2 --clicks 2 --lr 4e-4 --warm-up 100 \
  --steps 3800 --spacing 0.9 1.6 --jitter 2 --out "$work/pretrained.safetensors"

# Transferred to lesions: the image encoder stays as it is, modules in it learn.
"$model" train --model "$work/pretrained.safetensors" --add-modules 1,3 --detail-channels 12 --seed 1 \
  --generated 200 --content lesions --generated-seed 0 --train sgpm,prompt_encoder,mask_decoder \
  --loss zoom --focal-weight 0.1 --precision bf16 --batch 4 --accumulate 2 --clicks 2 --lr 5e-4 --warm-up 50 \
  --steps 1350 --spacing 0.7 1.6 --jitter 2 --store fp16 --out "$work/sgpsam-demo.safetensors"

"$model" evaluate --model "$work/sgpsam-demo.safetensors" --cases 60 --generated-seed 1
cp "$work/sgpsam-demo.safetensors" deploy/models/sgpsam-demo.safetensors
