// PyTorch's checkpoints (torch.save, both layouts) -> the tensors of a state dict. Nothing of a pickle is
// ever executed, and a tensor's bytes are read only when asked for. Bytes are hostile. One thread at a time.
#ifndef SGPSAM_CORE_CHECKPOINT_PTH_READER_H_
#define SGPSAM_CORE_CHECKPOINT_PTH_READER_H_

#include <cstdint>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "core/checkpoint/pth_layouts.h"
#include "core/checkpoint/unpickler.h"
#include "core/model_file/named_tensors.h"

namespace sgpsam {

class PthCheckpoint {
 public:
  // Finds the state dict: `model_state_dict` (SAM-Med3D's train.py, MedIM), `state_dict`, or the top dict
  // itself; and the modules that `sgpsam-model export` put next to it. INVALID_ARGUMENT naming file and
  // reason: damaged, TorchScript, no state dict, a name twice.
  static absl::StatusOr<PthCheckpoint> Open(const std::string& path);

  // Names without the "module." of DataParallel. Values that are no tensors are left out.
  const std::map<std::string, PickledTensor>& tensors() const { return tensors_; }

  // The configuration that `sgpsam-model export` wrote into the file, unchecked; empty if there is none.
  const std::string& config_json() const { return config_json_; }

  // The tensor's elements in row-major order, in the stored type. INVALID_ARGUMENT, naming it, if its type is
  // not one of TensorType, or its storage is missing, damaged, or smaller than its shape and strides need.
  absl::StatusOr<NamedTensor> Read(const std::string& name);

 private:
  PthCheckpoint(std::string path, std::unique_ptr<PthStorages> storages);
  absl::Status CollectTensors(const Pickle& pickle);
  absl::Status AddTensors(const Pickle& pickle, const PickleNode& state);
  absl::Status ReadStorage(const PickledStorage& storage);

  std::string path_;
  std::unique_ptr<PthStorages> storages_;
  std::map<std::string, PickledTensor> tensors_;
  std::string config_json_;
  // The storage read last: tensors that share one follow each other.
  std::string storage_key_;
  std::vector<uint8_t> storage_;
};

}  // namespace sgpsam

#endif  // SGPSAM_CORE_CHECKPOINT_PTH_READER_H_
