// The tensors of a model in training, by the names of its file. Trained ones are leaves that gather
// gradients; the others are constants. One owner, one thread.
#ifndef SGPSAM_TOOLS_LEARN_TRAIN_PARAMETERS_H_
#define SGPSAM_TOOLS_LEARN_TRAIN_PARAMETERS_H_

#include <ATen/core/Tensor.h>

#include <cstdint>
#include <map>
#include <set>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "core/model/tensor_map.h"
#include "core/model_file/model_config.h"
#include "core/model_file/named_tensors.h"

namespace sgpsam {

// Which parts a training changes. Transfer to lesions is the default: the backbone stays as it is.
struct TrainedParts {
  bool image_encoder = false;
  bool sgpm = true;
  bool prompt_encoder = false;
  bool mask_decoder = true;
};

class Parameters {
 public:
  // INVALID_ARGUMENT for tensors that are not the configuration's. float16 and bfloat16 become float32.
  static absl::StatusOr<Parameters> FromFile(const TensorFile& file, const ModelConfig& config,
                                             const TrainedParts& parts);

  const ModelConfig& config() const { return config_; }
  // A tensor that is trained together with the model, is stored in the training's state, and is no part of
  // the model.
  void AddHelper(const std::string& name, const at::Tensor& value);

  // Adapts the matrices of the image encoder's blocks (qkv, proj, lin1, lin2), which are not trained
  // themselves, by the product of two thin ones that are: W + B A, A [rank, in] drawn by the seed, B [out,
  // rank] zero (Hu et al.: LoRA, arXiv:2106.09685). `source` and `ToFile` give the sums: whoever runs the
  // model knows nothing of it. INVALID_ARGUMENT if the image encoder is trained,
  // and for a rank that is not below the matrices' sides.
  absl::Status AddLowRank(int64_t rank, uint64_t seed);

  // By name, in the order of the names, helpers too. The random Fourier matrix is a constant in any case
  // (reference: a buffer).
  const std::map<std::string, at::Tensor>& all() const { return tensors_; }
  const std::vector<std::string>& trained() const { return trained_; }
  at::Tensor& at(const std::string& name) { return tensors_.at(name); }
  const at::Tensor& at(const std::string& name) const { return tensors_.at(name); }

  // What AssembleSgpSam reads. This outlives it.
  TensorSource source() const;

  // The same values with gradients of their own: for a pass that runs in parallel with others. Shares this
  // one's memory.
  Parameters Alias() const;
  // Adds to what is gathered: one gradient for each trained parameter, in their order, or an undefined one.
  void AddGradients(const std::vector<at::Tensor>& gradients);

  // The model file: every tensor, adapted, but the helpers as float32, the configuration in the metadata.
  TensorFile ToFile() const;

 private:
  // What the model runs with: the tensor, or its sum with what adapts it.
  at::Tensor Adapted(const std::string& name) const;

  ModelConfig config_;
  std::map<std::string, at::Tensor> tensors_;
  std::vector<std::string> trained_;
  std::set<std::string> helpers_;
  std::set<std::string> low_rank_;  // the tensors that are adapted
};

// A tensor on the processor as a file holds it, float32.
NamedTensor ToNamedTensor(const at::Tensor& tensor);

}  // namespace sgpsam

#endif  // SGPSAM_TOOLS_LEARN_TRAIN_PARAMETERS_H_
