// What PyTorch's checkpoints call and refer to, as data. Private to unpickler.cc. Pure functions.
#ifndef SGPSAM_CORE_MODEL_TORCH_OBJECTS_H_
#define SGPSAM_CORE_MODEL_TORCH_OBJECTS_H_

#include <string>

#include "absl/status/statusor.h"
#include "core/model/unpickler.h"

namespace sgpsam {

// The node that calling `callable` with the tuple `arguments` stands for: a tensor, an OrderedDict, a
// parameter's own tensor, or an inert kOther. Nothing is called.
absl::StatusOr<PickleNode> ReduceToNode(const Pickle& pickle, const PickleNode& callable,
                                        const PickleNode& arguments);

// ('storage', class, key, device, elements) -> kStorage.
absl::StatusOr<PickleNode> StorageNode(const Pickle& pickle, const PickleNode& persistent_id);

}  // namespace sgpsam

#endif  // SGPSAM_CORE_MODEL_TORCH_OBJECTS_H_
