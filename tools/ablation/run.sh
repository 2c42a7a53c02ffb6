#!/usr/bin/env bash
# Does the gate earn its place, and does Zoom Loss? `make ablation`: the same pretrained model is transferred to
# the same lesions in several ways, a few seeds each, and every result is evaluated on the same unseen cases. What is
# there already is not made again, so a run that was ended goes on.
#
#     tools/ablation/run.sh [WORK-FOLDER]
#     SEEDS="1 2 3" STEPS=600 CASES=200 TEST_CASES=40 THREADS=0, by the environment
#     PRETRAINED=model.safetensors: transferred instead of one that is trained first (an hour or two)
#     DATA="FOLDER FOLDER" HELD_OUT=FILE: these sets of real lesions (nnU-Net or MSD), too, in every step; all results
#         are evaluated on the cases that the file names, one a line, which nothing is trained on
#     ARMS="gated open": only these, so that two runs with THREADS=1 can share the work of two cores
set -euo pipefail
cd "$(dirname "$0")/../.."
work=${1:-build/ablation}
seeds=${SEEDS:-1 2 3} steps=${STEPS:-600} cases=${CASES:-200} test_cases=${TEST_CASES:-40} threads=${THREADS:-0}
data=${DATA:-} pretrained=${PRETRAINED:-$work/pretrained.safetensors}
arms=${ARMS:-none open open-late spatial-late gated gated-dice-ce open-tokens}
model=build/release/bin/sgpsam-model
mkdir -p "$work"

[ -s "$pretrained" ] || deploy/models/pretrain.sh "$pretrained"

# Real lesions are of several modalities, some larger than made-up ones.
train_on=() evaluate_on=() looks=(--spacing 0.7 1.6 --first-spacing 0.7)
if [ -n "$data" ]; then
  arms=${ARMS:-none open gated}
  [ -s "$work/adapted.safetensors" ] || "$model" adapt --model "$pretrained" --grid-origin focus \
    --scale CT=-160:240,-1000:1000 --scale =2.5sd,10sd --out "$work/adapted.safetensors"
  pretrained=$work/adapted.safetensors
  for folder in $data; do train_on+=(--data "$folder") && evaluate_on+=(--data "$folder"); done
  train_on+=(--hold-out "${HELD_OUT:?names the cases to evaluate on}" --generated-weight "${#train_on[@]}")
  evaluate_on+=(--only "$HELD_OUT")
  looks=(--spacing 0.7 3 --first-spacing 0.7 --fill 0.12 1.3)
fi

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
  for arm in $arms; do
    out=$work/$arm-$seed
    options_of "$arm"
    [ -s "$out.safetensors" ] || "$model" train --model "$pretrained" --seed "$seed" "${options[@]}" \
      "${train_on[@]}" --generated "$cases" --content lesions --generated-seed 0 "${looks[@]}" \
      --precision bf16 --batch 4 --accumulate 2 --clicks 2 --lr 5e-4 --warm-up 50 --steps "$steps" --jitter 4 \
      --min-voxels 24 --validation-samples 0 --validate-lesions 0 --store fp16 --device cpu --threads "$threads" \
      --out "$out.safetensors"
    [ -s "$out.txt" ] || "$model" evaluate --model "$out.safetensors" "${evaluate_on[@]}" --cases "$test_cases" \
      --generated-seed 2 --threads "$threads" --csv "$out.csv" > "$out.txt"
  done
done
python3 tools/ablation/table.py "$work" | tee "$work/table.md"
