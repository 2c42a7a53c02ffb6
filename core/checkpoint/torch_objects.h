// What PyTorch's checkpoints call and refer to, as data. Private to unpickler.cc and pickle_writer.cc. Pure
// functions.
#ifndef SGPSAM_CORE_CHECKPOINT_TORCH_OBJECTS_H_
#define SGPSAM_CORE_CHECKPOINT_TORCH_OBJECTS_H_

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "core/checkpoint/unpickler.h"

namespace sgpsam {

// The node that calling `callable` with the tuple `arguments` stands for: a tensor, an OrderedDict, a
// parameter's own tensor, or an inert kOther. Nothing is called.
absl::StatusOr<PickleNode> ReduceToNode(const Pickle& pickle, const PickleNode& callable,
                                        const PickleNode& arguments);

// ('storage', class, key, device, elements, …) -> kStorage; ('module', …) -> kOther.
absl::StatusOr<PickleNode> StorageNode(const Pickle& pickle, const PickleNode& persistent_id);

// The class of a storage of this type: "torch.FloatStorage".
absl::string_view StorageClassOf(TensorType type);

}  // namespace sgpsam

#endif  // SGPSAM_CORE_CHECKPOINT_TORCH_OBJECTS_H_
