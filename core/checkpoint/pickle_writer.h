// Writes the pickle of a checkpoint: dicts, texts and tensors, as PyTorch's unpickler takes them with
// weights_only, too. Protocol 2, without a memo. Private to pth_writer.cc.
#ifndef SGPSAM_CORE_CHECKPOINT_PICKLE_WRITER_H_
#define SGPSAM_CORE_CHECKPOINT_PICKLE_WRITER_H_

#include <cstdint>
#include <string>
#include <vector>

#include "absl/strings/string_view.h"
#include "core/model_file/named_tensors.h"

namespace sgpsam {

class PickleWriter {
 public:
  PickleWriter();

  // Between begin and end, keys and values alternate; keys are texts.
  void BeginDict();
  void BeginOrderedDict();
  void EndDict();

  void Text(absl::string_view text);
  // A contiguous tensor, alone in the storage of this key.
  void Tensor(const NamedTensor& tensor, absl::string_view storage_key);

  // The whole pickle. Nothing can be written after it.
  std::string Finish() &&;

 private:
  void Op(uint8_t op) { bytes_.push_back(static_cast<char>(op)); }
  void Global(absl::string_view module, absl::string_view name);
  void Int(int64_t value);
  void Ints(const std::vector<int64_t>& values);
  void EmptyOrderedDict();

  std::string bytes_;
};

}  // namespace sgpsam

#endif  // SGPSAM_CORE_CHECKPOINT_PICKLE_WRITER_H_
