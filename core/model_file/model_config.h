// All sizes of a model; the defaults are SAM-Med3D's released `vit_b_ori` (reference: build_sam3D.py)
// with our SGPM after the global blocks. Stored as JSON in the model file's metadata, so a small model
// is the same code. No LibTorch.
#ifndef SGPSAM_CORE_MODEL_FILE_MODEL_CONFIG_H_
#define SGPSAM_CORE_MODEL_FILE_MODEL_CONFIG_H_

#include <cstdint>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "core/engine/engine.h"

namespace sgpsam {

// The self-gated prompting modules. The paper's full text was not available; this design is ours
// (docs/inference.md) and only follows its abstract.
struct SgpmConfig {
  std::vector<int> blocks{2, 5, 8, 11};  // after which encoder blocks a module sits; empty: plain SAM-Med3D
  int rank = 96;                         // r: channels inside the module
  int gate_hidden = 48;                  // hidden width of the gating unit
  float threshold = 0.5f;                // open if the mean gate exceeds it
  bool spatial_gate = false;             // additionally weight each token
  int detail_channels = 0;               // of the branch that reads the patch itself; 0: no such branch
};

struct ModelConfig {
  std::string name = "sam-med3d-vit_b_ori";
  std::string version = "1";
  int patch = 128;  // input voxels on each side
  int token = 16;   // voxels a token covers on each side
  // Normalised values beyond +- this are cut off before they are embedded; 0: none are (reference). Air and
  // bone lie up to 13 standard deviations from the soft tissue that a small model has to tell apart by a
  // third of one.
  float input_limit = 0;
  // Voxels of the patches that it looks at first, mm.
  double first_spacing_mm = kUsualSpacingMm;
  // The finest ones that it has learned from, mm; 0: it knows those of 1.5 alone (reference). A model that
  // has seen finer ones looks again, unasked, at a lesion that is small or large for its first look.
  double finest_spacing_mm = 0;
  double coarsest_spacing_mm = kUsualSpacingMm;  // the coarsest ones that it has learned from, mm
  // Whether its IoU head has learned what its masks are worth, on lesions. SAM-Med3D's was trained on organs'
  // masks and goes with the truth of a lesion hardly at all.
  bool predicts_iou = false;
  // As ModelInfo.calibration: `sgpsam-model evaluate --calibrate`.
  std::vector<CalibrationPoint> calibration;
  GridOrigin grid_origin = GridOrigin::kVolume;
  // All with equally many windows. None: the reference's z-score of the patch.
  std::vector<IntensityScaling> intensities;
  int embed_dim = 768;
  int depth = 12;
  int heads = 12;
  int mlp_dim = 3072;
  int window = 14;  // window attention pads the token grid to this size
  std::vector<int> global_blocks{2, 5, 8, 11};
  int out_channels = 384;  // embedding, prompt and decoder width
  int decoder_depth = 2;
  int decoder_heads = 8;
  int decoder_mlp_dim = 2048;
  int attention_downsample = 2;  // cross attention's internal width = out_channels / this
  int multimask_outputs = 3;     // mask tokens = this + 1
  int iou_hidden = 256;
  int mask_prompt_channels = 16;
  int point_embeddings = 2;  // 4 with box corners
  int refiner_channels = 0;  // of the mask refiner (core/model/mask_refiner.h); 0: there is none (reference)
  SgpmConfig sgpm;

  int grid() const { return patch / token; }  // tokens on each side
  int head_dim() const { return embed_dim / heads; }
  int mask_tokens() const { return multimask_outputs + 1; }
  int patch_channels() const {
    return intensities.empty() ? 1 : static_cast<int>(intensities.front().windows.size());
  }
  PatchSizes sizes() const;

  // A model of the same architecture that encodes in milliseconds (patch, tokens and logits have the
  // sizes of the real one, the channels do not): for tests, never for patients.
  static ModelConfig Tiny();

  // The model that deploy/models holds: patches of 48 voxels (72 mm) in tokens of 8, so that its logits are
  // twice as fine as the released model's, and small enough to be trained on a processor.
  static ModelConfig Demo();
};

// The file's metadata key under which the JSON stands.
inline constexpr char kModelConfigKey[] = "sgpsam_config";

// INVALID_ARGUMENT naming the field for what is out of range, or inconsistent with another field.
absl::Status ValidateModelConfig(const ModelConfig& config);

std::string ToJson(const ModelConfig& config);
// INVALID_ARGUMENT naming the field for what is missing, unknown, given twice, of another type, or not valid.
absl::StatusOr<ModelConfig> ModelConfigFromJson(absl::string_view json);

}  // namespace sgpsam

#endif  // SGPSAM_CORE_MODEL_FILE_MODEL_CONFIG_H_
