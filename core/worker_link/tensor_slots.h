// How items lie in the shared region: one slot each, with room for a patch, an embedding, the previous
// logits and the new ones. The two ends write and read through this class only. What is read was
// written by the other process: counts and codes are copied out first and then checked.
#ifndef SGPSAM_CORE_WORKER_LINK_TENSOR_SLOTS_H_
#define SGPSAM_CORE_WORKER_LINK_TENSOR_SLOTS_H_

#include <cstddef>
#include <cstdint>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "core/engine/engine.h"

namespace sgpsam {

inline constexpr int kMaxSlots = 64;

class TensorSlots {
 public:
  // Bytes that `slots` items of such a model need. `info` is within the limits of link_message.h.
  static size_t RegionBytes(const ModelInfo& info, int slots);

  TensorSlots() = default;
  // `region` has RegionBytes(info, slots) bytes and outlives this.
  TensorSlots(char* region, const ModelInfo& info, int slots);

  int count() const { return slots_; }

  // Server's end. INVALID_ARGUMENT, and nothing written, if the input does not fit the model.
  absl::Status PutInput(int slot, const Patch& patch);
  absl::Status PutInput(int slot, const DecodeInput& input);
  absl::StatusOr<Embedding> GetEmbedding(int slot) const;
  absl::StatusOr<MaskLogits> GetLogits(int slot) const;

  // Worker's end.
  Patch GetPatch(int slot) const;
  absl::StatusOr<DecodeInput> GetDecodeInput(int slot) const;
  void PutResult(int slot, const absl::StatusOr<Embedding>& result);
  void PutResult(int slot, const absl::StatusOr<MaskLogits>& result);

 private:
  struct Header;

  Header& header(int slot) const;
  float* floats(int slot, size_t offset) const;
  void PutStatus(int slot, const absl::Status& status);
  absl::Status GetStatus(int slot) const;
  std::vector<float> Read(int slot, size_t offset, int64_t count) const;
  void Write(int slot, size_t offset, const std::vector<float>& values);

  // Always: in each slot a page for the header, then patch, embedding, previous logits and logits, each
  // beginning on a page and none reaching into the next, within slot_bytes_. The constructor lays them out
  // from the model's sizes alone, so both ends have the same. No lock: a slot is written by the end whose
  // turn it is, the server until its command is sent, the worker until its answer is (remote_engine.h,
  // serve_engine.h).
  char* region_ = nullptr;
  PatchSizes sizes_;
  size_t gates_ = 0;
  int slots_ = 0;
  size_t patch_at_ = 0, embedding_at_ = 0, previous_at_ = 0, logits_at_ = 0, slot_bytes_ = 0;
};

}  // namespace sgpsam

#endif  // SGPSAM_CORE_WORKER_LINK_TENSOR_SLOTS_H_
