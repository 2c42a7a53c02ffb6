#include "tools/learn/train/parameters.h"

#include <ATen/ATen.h>

#include <cstring>
#include <utility>

#include "absl/strings/match.h"
#include "core/base/status_macros.h"
#include "core/model_file/check_tensors.h"

namespace sgpsam {
namespace {

constexpr char kFourierMatrix[] = "prompt_encoder.pe_layer.positional_encoding_gaussian_matrix";

bool IsTrained(const std::string& name, const TrainedParts& parts) {
  if (name == kFourierMatrix) return false;
  return (parts.image_encoder && absl::StartsWith(name, "image_encoder.")) ||
         (parts.sgpm && absl::StartsWith(name, "sgpm.")) ||
         (parts.prompt_encoder && absl::StartsWith(name, "prompt_encoder.")) ||
         (parts.mask_decoder && absl::StartsWith(name, "mask_decoder."));
}

}  // namespace

absl::StatusOr<Parameters> Parameters::FromFile(const TensorFile& file, const ModelConfig& config,
                                                const TrainedParts& parts) {
  RETURN_IF_ERROR(ValidateModelConfig(config));
  RETURN_IF_ERROR(CheckTensors(file, config));
  const TensorSource source = TensorsOf(file);
  Parameters parameters;
  parameters.config_ = config;
  for (const auto& [name, stored] : file.tensors) {
    const bool trained = IsTrained(name, parts);
    parameters.tensors_.emplace(name, source(name).requires_grad_(trained));
    if (trained) parameters.trained_.push_back(name);
  }
  return parameters;
}

void Parameters::AddHelper(const std::string& name, const at::Tensor& value) {
  tensors_.emplace(name, value.requires_grad_());
  trained_.push_back(name);
  helpers_.insert(name);
}

TensorSource Parameters::source() const {
  return [this](const std::string& name) { return tensors_.at(name); };
}

Parameters Parameters::Alias() const {
  Parameters alias = *this;
  for (const std::string& name : trained_) alias.at(name) = at(name).detach().requires_grad_();
  return alias;
}

void Parameters::AddGradients(const std::vector<at::Tensor>& gradients) {
  for (size_t n = 0; n < gradients.size(); ++n) {
    if (!gradients[n].defined()) continue;
    at::Tensor& gathered = at(trained_.at(n)).mutable_grad();
    gathered = gathered.defined() ? gathered + gradients[n] : gradients[n];
  }
}

TensorFile Parameters::ToFile() const {
  TensorFile file;
  for (const auto& [name, tensor] : tensors_) {
    if (helpers_.count(name) == 0) file.tensors.emplace(name, ToNamedTensor(tensor));
  }
  file.metadata[kModelConfigKey] = ToJson(config_);
  return file;
}

NamedTensor ToNamedTensor(const at::Tensor& tensor) {
  const at::Tensor values = tensor.detach().to(at::kCPU, at::kFloat).contiguous();
  NamedTensor named;
  named.shape = values.sizes().vec();
  named.bytes.resize(values.nbytes());
  if (!named.bytes.empty()) std::memcpy(named.bytes.data(), values.const_data_ptr(), named.bytes.size());
  return named;
}

}  // namespace sgpsam
