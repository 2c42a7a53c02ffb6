#!/usr/bin/env bash
# Remakes the two models in this folder from nothing but the generator: `make demo-model`. A run that was ended
# goes on where it was when the same command is given again. What it took is in README.md.
#
#     deploy/models/remake.sh [WORK-FOLDER]
set -euo pipefail
cd "$(dirname "$0")/../.."
work=${1:-build/demo-model}
model=build/release/bin/sgpsam-model
mkdir -p "$work"

# Where the same seed gives the same bits.
common=(--device cpu --precision bf16 --batch 4 --accumulate 2 --store fp16)

# A promptable model of organs, vessels and shapes; no lesion is shown to it.
[ -s "$work/sgpsam-demo-pretrained.safetensors" ] || "$model" train --config demo --no-sgpm --seed 1 \
  --generated 480 --content shapes --generated-seed 0 --train image_encoder,prompt_encoder,mask_decoder \
  --loss zoom --kinds-weight 1 "${common[@]}" --clicks 2 --lr 4e-4 --warm-up 100 \
  --steps 4600 --spacing 0.8 1.6 --jitter 6 --memory 12 --out "$work/sgpsam-demo-pretrained.safetensors"

# Transferred to lesions: the image encoder stays as it is, modules in it learn.
lesions=(--content lesions --train sgpm,prompt_encoder,mask_decoder --loss zoom --map-weight 0.3 --iou-weight 0.3
  "${common[@]}" --clicks 3 --refine 0.33 --spacing 0.6 1.6 --first-spacing 0.6 --jitter 6 --min-voxels 24 --memory 14)
[ -s "$work/transferred.safetensors" ] || "$model" train --model "$work/sgpsam-demo-pretrained.safetensors" \
  --add-modules 1,3 --detail-channels 16 --seed 1 --generated 700 --generated-seed 0 "${lesions[@]}" \
  --gate-warm-up 4000 --lr 5e-4 --warm-up 100 --steps 8000 --out "$work/transferred.safetensors"

# And on with lesions that it has not seen yet.
train_on() { # FROM TO SEED CASES' SEED, LEARNING RATE, STEPS
  [ -s "$work/$2.safetensors" ] || "$model" train --model "$work/$1.safetensors" --seed "$3" --generated 500 \
    --generated-seed "$4" "${lesions[@]}" --lr "$5" --warm-up 50 --steps "$6" --out "$work/$2.safetensors"
}
train_on transferred trained-on 2 7 2.5e-4 2600
train_on trained-on sgpsam-demo 3 9 3e-4 4000

"$model" evaluate --model "$work/sgpsam-demo.safetensors" --cases 60 --generated-seed 1
cp "$work"/sgpsam-demo{,-pretrained}.safetensors deploy/models/
