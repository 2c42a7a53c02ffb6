// What runs the model, seen without LibTorch: patches in, embeddings and mask logits out.
// One Engine owns one replica on one device. Calls come from one thread at a time (its worker's).
// Real: core/torch/torch_engine.h (in sgpsam-worker), core/worker_link/remote_engine.h (in sgpsam-server).
// In tests: tests/support/fake_engine.h.
#ifndef SGPSAM_CORE_ENGINE_ENGINE_H_
#define SGPSAM_CORE_ENGINE_ENGINE_H_

#include <array>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/types/span.h"
#include "core/base/digest.h"
#include "core/engine/calibration.h"

namespace sgpsam {

// Sizes of SAM-Med3D's vit_b_ori (reference: build_sam3D.py); a smaller model has its own in ModelInfo.
struct PatchSizes {
  int64_t patch = 128;  // voxels on each side of a patch
  int64_t embedding_channels = 384;
  int64_t embedding_side = 8;   // patch / 16
  int64_t logits_side = 32;     // embedding_side * 4
  int64_t detail_channels = 0;  // of the detail map after the tokens, a value for each logit; 0: none
  int64_t patch_channels = 1;   // values of each voxel of a patch: one for each scaling of its intensity

  int64_t patch_floats() const { return patch_channels * patch * patch * patch; }
  int64_t token_floats() const {
    return embedding_channels * embedding_side * embedding_side * embedding_side;
  }
  int64_t embedding_floats() const { return token_floats() + detail_channels * logits_floats(); }
  int64_t logits_floats() const { return logits_side * logits_side * logits_side; }
};

// What came of comparing the engine with float32 on the processor before it was ready (self_test.h).
struct SelfTestReport {
  enum class Result : uint8_t {
    kOff,
    kPassed,
    kFellBack,  // what was asked for computes wrongly here and is not used
  };
  Result result = Result::kOff;
  std::string rejected;  // what is not used: "bf16 with packed weights"
  double seconds = 0;    // that it took
  // Of what was asked for, used or not: relative errors (L2) and the masks' least Dice, -1 if none was clear.
  double embedding_error = 0, logits_error = 0, dice = -1;
};

// "off", "passed" or "fell_back": in logs and metrics.
inline const char* SelfTestResultName(SelfTestReport::Result result) {
  switch (result) {
    case SelfTestReport::Result::kOff: return "off";
    case SelfTestReport::Result::kPassed: return "passed";
    case SelfTestReport::Result::kFellBack: return "fell_back";
  }
  return "unknown";
}

// SAM-Med3D's voxels, mm: what a model of which nothing else is said has learned from (reference:
// infer_utils.py).
inline constexpr double kUsualSpacingMm = 1.5;

// How intensities become a patch's channels. By window: low becomes -1, high 1, what lies beyond is cut off.
struct IntensityWindow {
  double low = 0, high = 0;
  friend bool operator==(const IntensityWindow&, const IntensityWindow&) = default;
};
// The windows of one modality, one for each channel of the patch: of the values themselves, where those mean
// the same everywhere (Hounsfield units), else in standard deviations from the mean of the volume's own
// voxels above 0.
struct IntensityScaling {
  std::string modality;  // (0008,0060) Modality, as "CT"; empty: every other, and an unknown one
  bool by_deviation = false;
  std::vector<IntensityWindow> windows;
  friend bool operator==(const IntensityScaling&, const IntensityScaling&) = default;
};

// What the grid of a patch hangs on.
enum class GridOrigin : uint8_t {
  kVolume,  // the volume's corner (reference)
  kFocus,   // patient coordinates, near the point that the patch is laid around (core/transform/placement.h)
};

struct ModelInfo {
  std::string name;
  std::string version;
  Digest weights_digest;  // SHA-256 of the model file
  PatchSizes sizes;
  std::string precision;         // that it computes in: "fp32" or "bf16"
  std::string device;            // "cpu", "cuda:0"
  std::vector<int> gate_blocks;  // encoder blocks that carry an SGPM, ascending
  float gate_threshold = 0.5f;
  double first_spacing_mm = kUsualSpacingMm;     // of the patches that it looks at first
  double finest_spacing_mm = 0;                  // of the patches it has learned from; 0: only the usual ones
  double coarsest_spacing_mm = kUsualSpacingMm;  // of them
  bool predicts_iou = false;  // whether MaskLogits.iou_prediction is worth something on lesions
  std::vector<CalibrationPoint> calibration;  // empty, or IsCalibration
  GridOrigin grid_origin = GridOrigin::kVolume;
  // One without a modality and at most one for each other; none: the reference's z-score over the patch's
  // voxels above 0.
  std::vector<IntensityScaling> intensities;
  int box_corner_embeddings = 0;  // 0 or 2: whether DecodeInput.box may be set
  SelfTestReport self_test;
};

// One model input: sizes.patch_floats() scaled intensities, row-major [channel, i, j, k] in RAS+ order.
struct Patch {
  std::vector<float> values;
};

// The image encoder's output for one patch, row-major [channel, i, j, k]: the tokens', and after them the
// detail map's if the model makes one.
struct Embedding {
  std::vector<float> values;       // sizes.embedding_floats()
  std::vector<float> gate_scores;  // as ModelInfo.gate_blocks
};

// A click in patch voxels (array order i, j, k; 0 to patch - 1).
struct Click {
  float i = 0, j = 0, k = 0;
  bool positive = true;
};

// Two opposite corners of a box in patch voxels (array order i, j, k; 0 to patch - 1; low <= high).
struct BoxCorners {
  std::array<float, 3> low{}, high{};
};

// The most clicks of one decode: a target's points (kMaxPoints of core/transform/prompts.h), and as many
// again for what its other prompts become. The link's slots have room for so many.
inline constexpr int64_t kMaxClicks = 128;

// One run of prompt encoder and mask decoder on one embedding.
struct DecodeInput {
  std::shared_ptr<const Embedding> embedding;
  std::vector<Click> clicks;       // 1 to kMaxClicks, with a box 0 to kMaxClicks; all so far, oldest first
  std::vector<float> mask_logits;  // previous low-resolution logits, or empty: a zero mask is used,
                                   // as the reference's first pass does (reference: infer_utils.py)
  std::optional<BoxCorners> box = std::nullopt;  // only if ModelInfo.box_corner_embeddings is 2
};

struct MaskLogits {
  std::vector<float> values;  // sizes.logits_floats(), row-major [i, j, k]; > 0 is inside
  float iou_prediction = 0;
};

class Engine {
 public:
  virtual ~Engine() = default;

  virtual const ModelInfo& info() const = 0;

  // Result n belongs to input n and does not depend on its companions. An error may concern one item
  // or all. UNAVAILABLE: the replica died; nothing is known about the input, which may be retried.
  virtual std::vector<absl::StatusOr<Embedding>> Encode(absl::Span<const Patch* const> patches) = 0;
  virtual std::vector<absl::StatusOr<MaskLogits>> Decode(absl::Span<const DecodeInput* const> inputs) = 0;

  // False once the replica cannot take work any more: its process died or a call was UNAVAILABLE.
  virtual bool alive() const { return true; }
  // Replaces a replica that is not alive; blocks while the model loads. One attempt: the caller
  // waits before the next.
  virtual absl::Status Restart() { return absl::UnimplementedError("this engine has no process of its own"); }
};

}  // namespace sgpsam

#endif  // SGPSAM_CORE_ENGINE_ENGINE_H_
