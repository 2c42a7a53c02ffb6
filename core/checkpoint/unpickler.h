// Reads a pickle without executing it: Python's stack machine, reduced to data. Classes and functions that
// the pickle names become inert nodes; of PyTorch's own, those that describe tensors are understood.
// Nodes refer to each other by number, so that neither depth nor a cycle costs stack or leaks.
// Format: Python's pickletools; PyTorch's persistent ids and rebuild functions: torch/serialization.py,
// torch/_utils.py. Pure functions; bytes are hostile.
#ifndef SGPSAM_CORE_CHECKPOINT_UNPICKLER_H_
#define SGPSAM_CORE_CHECKPOINT_UNPICKLER_H_

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "core/model_file/named_tensors.h"

namespace sgpsam {

using PickleId = uint32_t;  // a node of its Pickle

// torch.FloatStorage and its like; where its bytes lie is the file's matter (pth_layouts.h).
struct PickledStorage {
  std::string key;
  std::string type_name;           // "torch.FloatStorage"
  std::optional<TensorType> type;  // nothing: a type that this project does not read
  size_t width = 0;                // bytes per element; 0: a class that is not PyTorch's
  int64_t elements = 0;
};

struct PickledTensor {
  PickledStorage storage;
  int64_t offset = 0;  // in elements
  std::vector<int64_t> shape, strides;
};

struct PickleNode {
  enum class Kind {
    kNone,
    kBool,
    kInt,
    kFloat,
    kText,
    kTuple,
    kList,
    kDict,
    kGlobal,
    kStorage,
    kTensor,
    kOther
  };

  Kind kind = Kind::kNone;
  int64_t integer = 0;                  // kInt, kBool
  double number = 0;                    // kFloat
  std::string text;                     // kText (also of byte strings); kGlobal: "module.name"
  std::vector<PickleId> items;          // kTuple, kList; kDict: key, value, key, value, …
  std::optional<PickledTensor> tensor;  // kTensor; kStorage: only the storage is set
};

struct Pickle {
  std::vector<PickleNode> nodes;
  PickleId root = 0;
  size_t size = 0;  // the bytes that it took; others may follow

  const PickleNode& operator[](PickleId id) const { return nodes[id]; }
};

// The pickle at the beginning of `bytes`. Protocols 2 to 5. INVALID_ARGUMENT naming position and reason for
// what is truncated, malformed, too large, or uses an instruction that checkpoints never have.
absl::StatusOr<Pickle> ReadPickle(absl::string_view bytes);

}  // namespace sgpsam

#endif  // SGPSAM_CORE_CHECKPOINT_UNPICKLER_H_
