#include "tools/learn/train/parameters.h"

#include <ATen/ATen.h>

#include <algorithm>
#include <cmath>
#include <cstring>
#include <utility>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "core/base/random.h"
#include "core/base/status_macros.h"
#include "core/model_file/check_tensors.h"

namespace sgpsam {
namespace {

constexpr char kFourierMatrix[] = "prompt_encoder.pe_layer.positional_encoding_gaussian_matrix";

constexpr char kLowRankA[] = "training.low_rank_a.", kLowRankB[] = "training.low_rank_b.";

// Of the image encoder's blocks, [out, in].
bool IsEncoderMatrix(const std::string& name) {
  if (!absl::StartsWith(name, "image_encoder.blocks.")) return false;
  for (const char* layer :
       {".attn.qkv.weight", ".attn.proj.weight", ".mlp.lin1.weight", ".mlp.lin2.weight"}) {
    if (absl::EndsWith(name, layer)) return true;
  }
  return false;
}

bool IsTrained(const std::string& name, const TrainedParts& parts) {
  if (name == kFourierMatrix) return false;
  return (parts.image_encoder && absl::StartsWith(name, "image_encoder.")) ||
         (parts.sgpm && absl::StartsWith(name, "sgpm.")) ||
         (parts.prompt_encoder && absl::StartsWith(name, "prompt_encoder.")) ||
         (parts.mask_decoder &&
          (absl::StartsWith(name, "mask_decoder.") || absl::StartsWith(name, "mask_refiner.")));
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

absl::Status Parameters::AddLowRank(int64_t rank, uint64_t seed) {
  std::vector<std::string> matrices;
  for (const auto& [name, tensor] : tensors_) {
    if (!IsEncoderMatrix(name)) continue;
    if (tensor.requires_grad()) {
      return absl::InvalidArgumentError(
          "low-rank adaptation is instead of training the image encoder, not with it");
    }
    if (rank < 1 || rank >= std::min(tensor.size(0), tensor.size(1))) {
      return absl::InvalidArgumentError(
          absl::StrCat("the rank must be from 1 to below the encoder's width, ", config_.embed_dim));
    }
    matrices.push_back(name);
  }
  Random random(seed);
  for (const std::string& name : matrices) {
    const int64_t out = at(name).size(0), in = at(name).size(1);
    at::Tensor a = at::empty({rank, in}, at::kFloat);
    float* value = a.mutable_data_ptr<float>();
    const double scale = 1 / std::sqrt(static_cast<double>(in));
    for (int64_t n = 0; n < a.numel(); ++n) value[n] = static_cast<float>(scale * random.Normal());
    AddHelper(kLowRankA + name, a);
    AddHelper(kLowRankB + name, at::zeros({out, rank}));
    low_rank_.insert(name);
  }
  return absl::OkStatus();
}

at::Tensor Parameters::Adapted(const std::string& name) const {
  const at::Tensor& tensor = tensors_.at(name);
  if (low_rank_.count(name) == 0) return tensor;
  return at::addmm(tensor, tensors_.at(kLowRankB + name), tensors_.at(kLowRankA + name));
}

TensorSource Parameters::source() const {
  return [this](const std::string& name) { return Adapted(name); };
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
    if (helpers_.count(name) == 0) file.tensors.emplace(name, ToNamedTensor(Adapted(name)));
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
