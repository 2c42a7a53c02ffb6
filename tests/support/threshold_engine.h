// An Engine that segments: what is brighter than halfway from the patch's darkest to its brightest cell,
// connected to a prompt. Good enough to tell whether patches, prompts and masks are where they should be, on
// volumes whose lesion is brighter than the rest.
//   embedding        = by how much the mean of each of the decoder's cells is above that;
//   mask logits      = the same where it is above 0 and connected (over faces) to a positive click's cell, or
//                      to a cell of the box; minus its magnitude elsewhere.
#ifndef SGPSAM_TESTS_SUPPORT_THRESHOLD_ENGINE_H_
#define SGPSAM_TESTS_SUPPORT_THRESHOLD_ENGINE_H_

#include <algorithm>
#include <array>
#include <cmath>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "core/engine/engine.h"

namespace sgpsam {

class ThresholdEngine : public Engine {
 public:
  // `patch` is a multiple of 16; the decoder's cells have 2 voxels a side, embedding tokens 8.
  explicit ThresholdEngine(int64_t patch = 32, int box_corner_embeddings = 0, double finest_spacing_mm = 0,
                           double first_spacing_mm = kUsualSpacingMm,
                           double coarsest_spacing_mm = kUsualSpacingMm) {
    info_.name = "threshold";
    info_.version = "1";
    info_.device = "cpu";
    info_.precision = "fp32";
    info_.gate_blocks = {1};
    info_.box_corner_embeddings = box_corner_embeddings;
    info_.finest_spacing_mm = finest_spacing_mm;
    info_.first_spacing_mm = first_spacing_mm;
    info_.coarsest_spacing_mm = coarsest_spacing_mm;
    info_.sizes = {
        .patch = patch, .embedding_channels = 64, .embedding_side = patch / 8, .logits_side = patch / 2};
  }

  // As a model whose IoU head is worth something.
  void PredictIou(std::vector<CalibrationPoint> calibration = {}) {
    info_.predicts_iou = true;
    info_.calibration = std::move(calibration);
  }

  const ModelInfo& info() const override { return info_; }

  std::vector<absl::StatusOr<Embedding>> Encode(absl::Span<const Patch* const> patches) override {
    std::vector<absl::StatusOr<Embedding>> results;
    for (const Patch* patch : patches) results.emplace_back(EncodeOne(*patch));
    return results;
  }

  std::vector<absl::StatusOr<MaskLogits>> Decode(absl::Span<const DecodeInput* const> inputs) override {
    std::vector<absl::StatusOr<MaskLogits>> results;
    for (const DecodeInput* input : inputs) results.emplace_back(DecodeOne(*input));
    return results;
  }

 private:
  using Cell = std::array<int64_t, 3>;

  Embedding EncodeOne(const Patch& patch) const {
    const int64_t side = info_.sizes.logits_side, voxels = info_.sizes.patch;
    Embedding embedding;
    embedding.values.assign(info_.sizes.embedding_floats(), 0.0f);
    for (int64_t i = 0; i < voxels; ++i) {
      for (int64_t j = 0; j < voxels; ++j) {
        for (int64_t k = 0; k < voxels; ++k) {
          embedding.values[(i / 2 * side + j / 2) * side + k / 2] +=
              patch.values[(i * voxels + j) * voxels + k] / 8;
        }
      }
    }
    const auto [darkest, brightest] = std::minmax_element(embedding.values.begin(), embedding.values.end());
    const float halfway = (*darkest + *brightest) / 2;
    for (float& value : embedding.values) value -= halfway;
    embedding.gate_scores = {0.75f};
    return embedding;
  }

  absl::StatusOr<MaskLogits> DecodeOne(const DecodeInput& input) const {
    if (input.clicks.empty() && !input.box) return absl::InvalidArgumentError("nothing is prompted");
    const int64_t side = info_.sizes.logits_side;
    const std::vector<float>& means = input.embedding->values;
    const auto offset = [side](const Cell& c) { return (c[0] * side + c[1]) * side + c[2]; };
    std::vector<bool> inside(means.size());
    std::vector<Cell> waiting;
    const auto reach = [&](const Cell& cell) {
      for (const int64_t c : cell) {
        if (c < 0 || c >= side) return;
      }
      if (means[offset(cell)] <= 0 || inside[offset(cell)]) return;
      inside[offset(cell)] = true;
      waiting.push_back(cell);
    };
    const auto cell_of = [](float voxel) { return static_cast<int64_t>(voxel) / 2; };
    for (const Click& click : input.clicks) {
      if (click.positive) reach({cell_of(click.i), cell_of(click.j), cell_of(click.k)});
    }
    if (input.box) {
      for (float i = input.box->low[0]; i <= input.box->high[0]; ++i) {
        for (float j = input.box->low[1]; j <= input.box->high[1]; ++j) {
          for (float k = input.box->low[2]; k <= input.box->high[2]; ++k) {
            reach({cell_of(i), cell_of(j), cell_of(k)});
          }
        }
      }
    }
    while (!waiting.empty()) {
      const Cell cell = waiting.back();
      waiting.pop_back();
      for (size_t axis = 0; axis < 3; ++axis) {
        for (const int step : {-1, 1}) {
          Cell next = cell;
          next[axis] += step;
          reach(next);
        }
      }
    }
    MaskLogits logits;
    for (size_t n = 0; n < means.size(); ++n) {
      logits.values.push_back(inside[n] ? means[n] : -std::abs(means[n]) - 1e-3f);
    }
    logits.iou_prediction = 0.5f;
    return logits;
  }

  ModelInfo info_;
};

}  // namespace sgpsam

#endif  // SGPSAM_TESTS_SUPPORT_THRESHOLD_ENGINE_H_
