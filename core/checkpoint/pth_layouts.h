// What the two layouts of torch.save share, a zip file since PyTorch 1.6 (zip_pth.h) and pickles followed by
// the storages before (legacy_pth.h): either is one pickle that describes tensors, and storages that it names
// by key. Private to pth_reader.cc; the writer shares the names. Bytes are hostile.
#ifndef SGPSAM_CORE_CHECKPOINT_PTH_LAYOUTS_H_
#define SGPSAM_CORE_CHECKPOINT_PTH_LAYOUTS_H_

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "core/base/file_io.h"
#include "core/checkpoint/unpickler.h"

namespace sgpsam {

// Of everything that describes: a checkpoint of this model with its optimizer's state has 3 MB.
inline constexpr uint64_t kMaxPickleBytes = 16 << 20;
inline constexpr uint64_t kMaxStorageBytes = uint64_t{16} << 30;

// Keys of the top dict: SAM-Med3D's own for the network, ours for what `sgpsam-model export` adds to it. The
// configuration stands next to them under kModelConfigKey, as text.
inline constexpr char kModelStateKey[] = "model_state_dict";
inline constexpr char kModuleStateKey[] = "sgpm_state_dict";

// Where the storages of an open file are. One thread at a time.
class PthStorages {
 public:
  virtual ~PthStorages() = default;
  // All bytes of one storage. INVALID_ARGUMENT or NOT_FOUND, naming the file.
  virtual absl::StatusOr<std::vector<uint8_t>> Read(const std::string& key) = 0;
};

struct PthFile {
  Pickle pickle;
  std::unique_ptr<PthStorages> storages;
};

}  // namespace sgpsam

#endif  // SGPSAM_CORE_CHECKPOINT_PTH_LAYOUTS_H_
