#!/usr/bin/env bash
# Remakes the model in this folder: `make model DATA=FOLDER`, the folder holding sarcoma_ct, sarcoma_mr and
# sarcoma_pet in nnU-Net's layout (where they come from: README.md). A run that was ended goes on where it was
# when the same command is given again. What it took is in README.md.
#
#     deploy/models/remake.sh DATA-FOLDER [WORK-FOLDER]
set -euo pipefail
cd "$(dirname "$0")/../.."
data=${1:?the folder of the real sets, see deploy/models/README.md} work=${2:-build/model}
model=build/release/bin/sgpsam-model
mkdir -p "$work"

# Where the same seed gives the same bits.
common=(--device cpu --precision bf16 --batch 4 --accumulate 2)

# A promptable model of organs, vessels and shapes.
[ -s "$work/pretrained.safetensors" ] || deploy/models/pretrain.sh "$work/pretrained.safetensors"

# Transferred to made-up lesions: the image encoder stays as it is, modules in it learn.
lesions=(--content lesions --train sgpm,prompt_encoder,mask_decoder --loss zoom --map-weight 0.3 --iou-weight 0.3
  "${common[@]}" --store fp16 --clicks 3 --refine 0.33 --spacing 0.6 1.6 --first-spacing 0.6 --jitter 6 --min-voxels 24 --memory 14)
[ -s "$work/transferred.safetensors" ] || "$model" train --model "$work/pretrained.safetensors" \
  --add-modules 1,3 --detail-channels 16 --seed 1 --generated 700 --generated-seed 0 "${lesions[@]}" \
  --gate-warm-up 4000 --lr 5e-4 --warm-up 100 --steps 8000 --out "$work/transferred.safetensors"
train_on() { # FROM TO SEED CASES' SEED, LEARNING RATE, STEPS
  [ -s "$work/$2.safetensors" ] || "$model" train --model "$work/$1.safetensors" --seed "$3" --generated 500 \
    --generated-seed "$4" "${lesions[@]}" --lr "$5" --warm-up 50 --steps "$6" --out "$work/$2.safetensors"
}
train_on transferred other-lesions 2 7 2.5e-4 2600
train_on other-lesions made-up 3 9 3e-4 4000

# All of it trained on real lesions and made-up ones in every step: windows instead of z-scores, a grid that hangs on
# the click, a refiner that sees prompts where they lie.
[ -s "$work/adapted.safetensors" ] || "$model" adapt --model "$work/made-up.safetensors" --refiner-channels 16 \
  --grid-origin focus --scale CT=-160:240,-1000:1000 --scale =2.5sd,10sd --out "$work/adapted.safetensors"
mixture() { # CASES' SEED, WEIGHTS OF CT, MR AND PET, UNKNOWN MODALITY: the options that all of these trainings share
  options=(--data "$data/sarcoma_ct:weight=$2" --data "$data/sarcoma_mr:weight=$3" --data "$data/sarcoma_pet:weight=$4"
    --generated 260 --generated-seed "$1" --generated-weight 2.2 --unknown-modality "$5"
    --hold-out deploy/models/held_out.txt --validation-fraction 0.12 --validation-cases 6
    --train image_encoder,sgpm,prompt_encoder,mask_decoder "${common[@]}" --clicks 4 --refine 0.15 --centre-clicks 0.45
    --idle-clicks 0.15 --obey-weight 0.1 --drop-weight 0.5 --map-weight 0.2 --gate always --spacing 0.6 3
    --first-spacing 0.6 --jitter 6 --prior 0.3 --min-voxels 24 --exchange --turn 0.4 --gamma-jitter 0.3 --blur 0.2
    --thick-slices 0.2 --memory 7 --validation-samples 32 --validate-lesions 8 --seed 31)
}
mixture 21 1.2 1 0.7 0.15
[ -s "$work/narrow.safetensors" ] || "$model" train --model "$work/adapted.safetensors" "${options[@]}" --store fp32 \
  --iou-weight 0.2 --fill 0.12 1.3 --lr 3e-4 --warm-up 100 --steps 2200 --out "$work/narrow.safetensors"
# On with patches from small to large against the lesion, since looks are of all of them.
[ -s "$work/wide.safetensors" ] || "$model" train --model "$work/narrow.safetensors" "${options[@]}" --store fp32 \
  --iou-weight 0.3 --fill 0.08 3 --lr 2.2e-4 --warm-up 60 --steps 4000 --out "$work/wide.safetensors"
# On with small lesions in real images; what ships was ended after 600 of these steps.
mixture 22 1.2 1.3 0.8 0.4
[ -s "$work/painted.safetensors" ] || "$model" train --model "$work/wide.safetensors" "${options[@]}" --store fp32 \
  --iou-weight 0.3 --fill 0.08 3 --paint 0.35 --lr 1.8e-4 --warm-up 60 --steps 1600 --out "$work/painted.safetensors"
# And on with other tones, for what the sets lack: lung, fat, bone, lesions that are bright in MR.
[ -s "$work/sgpsam-lesions.safetensors" ] || "$model" train --model "$work/painted.safetensors" "${options[@]}" \
  --store fp16 --iou-weight 0.3 --fill 0.08 3 --paint 0.3 --other-tones 0.35 --lr 2e-4 --warm-up 40 --steps 1300 \
  --validate-every 650 --name sgpsam-lesions --version 1 --out "$work/sgpsam-lesions.safetensors"

# Its confidence, by the patients of validation and cases of its own.
"$model" evaluate --model "$work/sgpsam-lesions.safetensors" --data "$data"/sarcoma_{ct,mr,pet} --only STS_034,STS_040,STS_044 \
  --cases 40 --generated-seed 7 --min-voxels 24 --calibrate deploy/models/sgpsam-lesions.safetensors
