// The PatchModel of one engine and one volume in this process, without a pool: for whoever evaluates a model
// the way it is served. Keeps every embedding as long as it lives, so that further clicks encode nothing. One
// thread at a time, as the engine.
#ifndef SGPSAM_CORE_LOOKS_ENGINE_PATCH_MODEL_H_
#define SGPSAM_CORE_LOOKS_ENGINE_PATCH_MODEL_H_

#include <array>
#include <map>
#include <memory>
#include <tuple>

#include "absl/strings/string_view.h"
#include "core/engine/engine.h"
#include "core/looks/patch_model.h"
#include "core/transform/intensity_scaling.h"
#include "core/transform/prepare.h"
#include "core/volume/volume.h"

namespace sgpsam {

class EnginePatchModel final : public PatchModel {
 public:
  // `engine` and `volume` outlive the model; `modality` as ChooseScaling takes it.
  EnginePatchModel(Engine& engine, const Volume& volume, absl::string_view modality = "")
      : engine_(engine),
        volume_(volume),
        scaling_(ChooseScaling(engine.info().intensities, modality, volume)) {}

  const ModelInfo& info() const override { return engine_.info(); }
  absl::StatusOr<EmbeddedPatch> Embed(const Placement& placement) override;
  absl::StatusOr<MaskLogits> Decode(DecodeInput input) override;

 private:
  Engine& engine_;
  const Volume& volume_;
  const PatchScaling scaling_;
  // By where the patch lies: the volume is one, so spacing,
  // first voxel and what the grid hangs on say it all.
  std::map<std::tuple<double, std::array<int64_t, 3>, std::array<double, 3>>,
           std::shared_ptr<const Embedding>>
      embeddings_;
};

}  // namespace sgpsam

#endif  // SGPSAM_CORE_LOOKS_ENGINE_PATCH_MODEL_H_
