#include "core/checkpoint/export_checkpoint.h"

#include <utility>

#include "absl/status/status.h"
#include "absl/strings/match.h"
#include "core/base/status_macros.h"
#include "core/checkpoint/pth_layouts.h"
#include "core/checkpoint/pth_writer.h"
#include "core/model_file/check_tensors.h"
#include "core/model_file/convert_tensor.h"
#include "core/model_file/tensor_table.h"

namespace sgpsam {

absl::Status ExportCheckpoint(TensorFile model, TensorType type, const std::string& path) {
  ASSIGN_OR_RETURN(const ModelConfig config, ReadModelConfig(model));
  RETURN_IF_ERROR(CheckTensors(model, config));
  PthStateDict network{kModelStateKey, {}}, modules{kModuleStateKey, {}};
  for (const TensorSpec& spec : TensorTable(config)) {
    ASSIGN_OR_RETURN(NamedTensor tensor, ConvertTensor(spec.name, std::move(model.tensors[spec.name]), type));
    PthStateDict& state = absl::StartsWith(spec.name, "sgpm.") ? modules : network;
    state.tensors.emplace_back(spec.name, std::move(tensor));
  }
  PthContents contents;
  contents.state_dicts.push_back(std::move(network));
  if (!modules.tensors.empty()) contents.state_dicts.push_back(std::move(modules));
  contents.texts.emplace_back(kModelConfigKey, ToJson(config));
  return WritePthFile(contents, path);
}

}  // namespace sgpsam
