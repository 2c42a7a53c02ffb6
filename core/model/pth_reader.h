// PyTorch's zip checkpoints (torch.save since 1.6) -> the tensors of a state dict. Nothing of the pickle is
// ever executed, and a tensor's bytes are read only when asked for. Bytes are hostile. One thread at a time.
#ifndef SGPSAM_CORE_MODEL_PTH_READER_H_
#define SGPSAM_CORE_MODEL_PTH_READER_H_

#include <cstdint>
#include <map>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "core/model/named_tensors.h"
#include "core/model/unpickler.h"
#include "core/model/zip_archive.h"

namespace sgpsam {

class PthCheckpoint {
 public:
  // Finds the state dict: `model_state_dict` (SAM-Med3D's train.py), `state_dict`, or the top dict itself.
  // INVALID_ARGUMENT naming file and reason: damaged, PyTorch's older format or TorchScript (and how to
  // convert them), no state dict, a name twice.
  static absl::StatusOr<PthCheckpoint> Open(const std::string& path);

  // Names without the "module." of DataParallel. Values that are no tensors are left out.
  const std::map<std::string, PickledTensor>& tensors() const { return tensors_; }

  // The tensor's elements in row-major order, in the stored type. INVALID_ARGUMENT, naming it, if its type is
  // not one of TensorType, or its storage is missing, damaged, or smaller than its shape and strides need.
  absl::StatusOr<NamedTensor> Read(const std::string& name);

 private:
  PthCheckpoint(ZipArchive archive, std::string prefix)
      : archive_(std::move(archive)), prefix_(std::move(prefix)) {}
  absl::Status CollectTensors(const Pickle& pickle);
  absl::Status ReadStorage(const PickledStorage& storage);

  ZipArchive archive_;
  std::string prefix_;  // the archive's top folder, with its slash
  std::map<std::string, PickledTensor> tensors_;
  // The storage read last: tensors that share one follow each other.
  std::string storage_key_;
  std::vector<uint8_t> storage_;
};

}  // namespace sgpsam

#endif  // SGPSAM_CORE_MODEL_PTH_READER_H_
