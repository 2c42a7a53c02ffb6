#include "core/checkpoint/import_checkpoint.h"

#include <cstdint>
#include <utility>

#include "absl/status/status.h"
#include "absl/strings/str_cat.h"
#include "core/base/file_io.h"
#include "core/base/status_macros.h"
#include "core/checkpoint/pth_reader.h"
#include "core/model_file/check_tensors.h"
#include "core/model_file/convert_tensor.h"
#include "core/model_file/seeded_weights.h"
#include "core/model_file/tensor_table.h"

namespace sgpsam {
namespace {

constexpr uint64_t kFreshModulesSeed = 1;

// Shapes and types alone, so that they are checked before a byte of them is read.
TensorFile OutlineOf(const PthCheckpoint& checkpoint) {
  TensorFile outline;
  for (const auto& [name, tensor] : checkpoint.tensors()) {
    NamedTensor& described = outline.tensors[name];
    described.type = tensor.storage.type.value_or(TensorType::kUint8);
    described.shape = tensor.shape;
  }
  return outline;
}

struct Plan {
  ModelConfig stored;  // what the checkpoint must hold
  ModelConfig made;    // what becomes of it
};

// A merged file says what it is and is restored as it was; of any other, only the caller knows.
absl::StatusOr<Plan> MakePlan(const PthCheckpoint& checkpoint, ModelConfig config) {
  if (!checkpoint.config_json().empty()) {
    ASSIGN_OR_RETURN(ModelConfig own, ModelConfigFromJson(checkpoint.config_json()));
    Plan plan{own, own};
    if (config.sgpm.blocks.empty()) plan.made.sgpm.blocks.clear();
    return plan;
  }
  const bool boxes = checkpoint.tensors().count("prompt_encoder.point_embeddings.3.weight") > 0;
  config.point_embeddings = boxes ? 4 : 2;
  Plan plan{config, config};
  plan.stored.sgpm.blocks.clear();
  return plan;
}

absl::StatusOr<NamedTensor> ReadOrMake(PthCheckpoint& checkpoint, const TensorSpec& spec) {
  if (checkpoint.tensors().count(spec.name) == 0) return SeededTensor(spec, kFreshModulesSeed);
  ASSIGN_OR_RETURN(NamedTensor tensor, checkpoint.Read(spec.name));
  return ConvertTensor(spec.name, std::move(tensor), TensorType::kFloat32);
}

}  // namespace

absl::StatusOr<TensorFile> ImportCheckpoint(const std::string& path, const ModelConfig& config) {
  ASSIGN_OR_RETURN(PthCheckpoint checkpoint, PthCheckpoint::Open(path));
  const absl::StatusOr<Plan> plan = MakePlan(checkpoint, config);
  if (!plan.ok()) return WithPath(plan.status(), path);
  const absl::Status complete = CheckTensors(OutlineOf(checkpoint), plan->stored);
  if (!complete.ok()) {
    return absl::InvalidArgumentError(
        absl::StrCat(path, " is no ", plan->stored.name, ": ", complete.message()));
  }
  TensorFile file;
  file.metadata[kModelConfigKey] = ToJson(plan->made);
  for (const TensorSpec& spec : TensorTable(plan->made)) {
    absl::StatusOr<NamedTensor> tensor = ReadOrMake(checkpoint, spec);
    if (!tensor.ok()) return WithPath(tensor.status(), path);
    file.tensors[spec.name] = *std::move(tensor);
  }
  return file;
}

}  // namespace sgpsam
