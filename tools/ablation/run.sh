#!/usr/bin/env bash
# Does the gate earn its place, and does Zoom Loss? `make ablation`: the same pretrained model is transferred to
# the same made-up lesions in several ways, a few seeds each, and every result is evaluated on the same unseen
# cases. An arm that is there already is not trained again, so a run that was ended goes on.
#
#     tools/ablation/run.sh [WORK-FOLDER]
#     SEEDS="1 2 3" STEPS=600 CASES=200 TEST_CASES=40 PRETRAINED=model.safetensors THREADS=0, by the environment
#     ARMS="gated open": only these, so that two runs with THREADS=1 can share the work of two cores
set -euo pipefail
cd "$(dirname "$0")/../.."
work=${1:-build/ablation}
seeds=${SEEDS:-1 2 3} steps=${STEPS:-600} cases=${CASES:-200} test_cases=${TEST_CASES:-40} threads=${THREADS:-0}
pretrained=${PRETRAINED:-deploy/models/sgpsam-demo-pretrained.safetensors}
model=build/release/bin/sgpsam-model
mkdir -p "$work"

decoder=(--train prompt_encoder,mask_decoder)
modules=(--train sgpm,prompt_encoder,mask_decoder --add-modules)  # and after which blocks
detail=(--detail-channels 16 --map-weight 0.3)
budget=(--gate self --gate-budget 0.5 --gate-weight 1)

options_of() { # ARM -> options
  case $1 in
    none) options=("${decoder[@]}") ;;
    open-tokens) options=("${modules[@]}" 1,3 --gate always) ;;
    open) options=("${modules[@]}" 1,3 "${detail[@]}" --gate always) ;;
    open-late) options=("${modules[@]}" 3 "${detail[@]}" --gate always) ;;
    spatial-late) options=("${modules[@]}" 3 --spatial-gate "${detail[@]}" --gate always) ;;
    gated) options=("${modules[@]}" 1,3 "${detail[@]}" "${budget[@]}") ;;
    gated-dice-ce) options=("${modules[@]}" 1,3 "${detail[@]}" "${budget[@]}" --loss dice-ce) ;;
    *) echo "no arm is called $1" >&2 && return 1 ;;
  esac
}

for seed in $seeds; do
  for arm in ${ARMS:-none open open-late spatial-late gated gated-dice-ce open-tokens}; do
    out=$work/$arm-$seed
    options_of "$arm"
    [ -s "$out.safetensors" ] || "$model" train --model "$pretrained" --seed "$seed" "${options[@]}" \
      --generated "$cases" --content lesions --generated-seed 0 --precision bf16 --batch 4 --accumulate 2 \
      --clicks 2 --lr 5e-4 --warm-up 50 --steps "$steps" --spacing 0.7 1.6 --first-spacing 0.7 --jitter 4 \
      --min-voxels 24 --validation-samples 0 --validate-lesions 0 --store fp16 --device cpu --threads "$threads" --out "$out.safetensors"
    [ -s "$out.txt" ] || "$model" evaluate --model "$out.safetensors" --cases "$test_cases" --generated-seed 2 \
      --threads "$threads" --csv "$out.csv" > "$out.txt"
  done
done
python3 tools/ablation/table.py "$work" | tee "$work/table.md"
