#!/usr/bin/env bash
# Does the gate earn its place, and does Zoom Loss? `make ablation`: the same pretrained model is transferred to
# the same made-up lesions in several ways, a few seeds each, and every result is evaluated on the same unseen
# cases. An arm that is there already is not trained again, so a run that was ended goes on.
#
#     tools/ablation/run.sh [WORK-FOLDER]
#     SEEDS="1 2 3" STEPS=900 CASES=200 TEST_CASES=40 PRETRAINED=model.safetensors, by the environment
set -euo pipefail
cd "$(dirname "$0")/../.."
work=${1:-build/ablation}
seeds=${SEEDS:-1 2 3} steps=${STEPS:-900} cases=${CASES:-200} test_cases=${TEST_CASES:-40}
pretrained=${PRETRAINED:-deploy/models/sgpsam-demo-pretrained.safetensors}
model=build/release/bin/sgpsam-model
mkdir -p "$work"

arm() { # NAME OPTIONS...
  local seed out
  for seed in $seeds; do
    out=$work/$1-$seed
    [ -s "$out.safetensors" ] || "$model" train --model "$pretrained" --seed "$seed" "${@:2}" \
      --generated "$cases" --content lesions --generated-seed 0 --precision bf16 --batch 4 --accumulate 2 \
      --clicks 2 --lr 5e-4 --warm-up 50 --steps "$steps" --spacing 0.7 1.6 --jitter 4 --min-voxels 24 \
      --validation-samples 0 --store fp16 --out "$out.safetensors"
    [ -s "$out.csv" ] || "$model" evaluate --model "$out.safetensors" --cases "$test_cases" --generated-seed 2 \
      --csv "$out.csv" > "$out.txt"
  done
}

decoder=(--train prompt_encoder,mask_decoder)
modules=(--train sgpm,prompt_encoder,mask_decoder --add-modules 1,3)
detail=(--detail-channels 16 --map-weight 0.3)
budget=(--gate self --gate-budget 0.5 --gate-weight 1)
arm none "${decoder[@]}"
arm open-tokens "${modules[@]}" --gate always
arm open "${modules[@]}" "${detail[@]}" --gate always
arm gated "${modules[@]}" "${detail[@]}" "${budget[@]}"
arm gated-dice-ce "${modules[@]}" "${detail[@]}" "${budget[@]}" --loss dice-ce
python3 tools/ablation/table.py "$work" | tee "$work/table.md"
