#include "core/worker_link/tensor_slots.h"

#include <algorithm>
#include <cstring>
#include <memory>
#include <string>
#include <utility>

#include "absl/strings/str_cat.h"
#include "absl/strings/string_view.h"
#include "core/base/status_macros.h"
#include "core/worker_link/link_message.h"

namespace sgpsam {
namespace {

constexpr size_t kPage = 4096;
constexpr size_t kMaxErrorBytes = 1024;

size_t PagesFor(int64_t floats) {
  return (static_cast<size_t>(floats) * sizeof(float) + kPage - 1) / kPage * kPage;
}

absl::Status WrongSize(absl::string_view what, size_t has, int64_t wants) {
  return absl::InvalidArgumentError(absl::StrCat(what, " has ", has, " values, the model takes ", wants));
}

}  // namespace

struct TensorSlots::Header {
  struct WireClick {
    float i, j, k;
    uint32_t positive;
  };
  uint32_t clicks;
  uint32_t has_previous;
  uint32_t has_box;
  uint32_t code;
  uint32_t error_bytes;
  float iou_prediction;
  uint32_t gates;
  BoxCorners box;
  WireClick click[kMaxClicks];
  float gate_score[kMaxGates];
  char error[kMaxErrorBytes];
};

size_t TensorSlots::RegionBytes(const ModelInfo& info, int slots) {
  return TensorSlots(nullptr, info, slots).slot_bytes_ * static_cast<size_t>(slots);
}

TensorSlots::TensorSlots(char* region, const ModelInfo& info, int slots)
    : region_(region), sizes_(info.sizes), gates_(info.gate_blocks.size()), slots_(slots) {
  static_assert(sizeof(Header) <= kPage);
  patch_at_ = kPage;
  embedding_at_ = patch_at_ + PagesFor(sizes_.patch_floats());
  previous_at_ = embedding_at_ + PagesFor(sizes_.embedding_floats());
  logits_at_ = previous_at_ + PagesFor(sizes_.logits_floats());
  slot_bytes_ = logits_at_ + PagesFor(sizes_.logits_floats());
}

TensorSlots::Header& TensorSlots::header(int slot) const {
  return *reinterpret_cast<Header*>(region_ + static_cast<size_t>(slot) * slot_bytes_);
}

float* TensorSlots::floats(int slot, size_t offset) const {
  return reinterpret_cast<float*>(region_ + static_cast<size_t>(slot) * slot_bytes_ + offset);
}

std::vector<float> TensorSlots::Read(int slot, size_t offset, int64_t count) const {
  const float* begin = floats(slot, offset);
  return std::vector<float>(begin, begin + count);
}

void TensorSlots::Write(int slot, size_t offset, const std::vector<float>& values) {
  std::memcpy(floats(slot, offset), values.data(), values.size() * sizeof(float));
}

absl::Status TensorSlots::PutInput(int slot, const Patch& patch) {
  if (patch.values.size() != static_cast<size_t>(sizes_.patch_floats())) {
    return WrongSize("the patch", patch.values.size(), sizes_.patch_floats());
  }
  Write(slot, patch_at_, patch.values);
  return absl::OkStatus();
}

absl::Status TensorSlots::PutInput(int slot, const DecodeInput& input) {
  if (input.embedding == nullptr) return absl::InvalidArgumentError("there is no embedding to decode");
  const std::vector<float>& embedding = input.embedding->values;
  if (embedding.size() != static_cast<size_t>(sizes_.embedding_floats())) {
    return WrongSize("the embedding", embedding.size(), sizes_.embedding_floats());
  }
  if ((input.clicks.empty() && !input.box) || input.clicks.size() > kMaxClicks) {
    return absl::InvalidArgumentError(
        absl::StrCat("a prompt takes 1 to ", kMaxClicks, " clicks, or a box, not ", input.clicks.size()));
  }
  const std::vector<float>& previous = input.mask_logits;
  if (!previous.empty() && previous.size() != static_cast<size_t>(sizes_.logits_floats())) {
    return WrongSize("the previous mask", previous.size(), sizes_.logits_floats());
  }
  Header& head = header(slot);
  head.clicks = static_cast<uint32_t>(input.clicks.size());
  for (size_t n = 0; n < input.clicks.size(); ++n) {
    const Click& click = input.clicks[n];
    head.click[n] = {click.i, click.j, click.k, click.positive ? 1u : 0u};
  }
  head.has_box = input.box ? 1 : 0;
  head.box = input.box.value_or(BoxCorners());
  head.has_previous = previous.empty() ? 0 : 1;
  if (!previous.empty()) Write(slot, previous_at_, previous);
  Write(slot, embedding_at_, embedding);
  return absl::OkStatus();
}

Patch TensorSlots::GetPatch(int slot) const { return {Read(slot, patch_at_, sizes_.patch_floats())}; }

absl::StatusOr<DecodeInput> TensorSlots::GetDecodeInput(int slot) const {
  const Header& head = header(slot);
  const uint32_t clicks = head.clicks;
  if (clicks > kMaxClicks) return absl::InternalError("the server announced too many clicks");
  DecodeInput input;
  for (uint32_t n = 0; n < clicks; ++n) {
    const Header::WireClick& click = head.click[n];
    input.clicks.push_back({click.i, click.j, click.k, click.positive != 0});
  }
  if (head.has_box != 0) input.box = head.box;
  if (head.has_previous != 0) input.mask_logits = Read(slot, previous_at_, sizes_.logits_floats());
  auto embedding = std::make_shared<Embedding>();
  embedding->values = Read(slot, embedding_at_, sizes_.embedding_floats());
  input.embedding = std::move(embedding);
  return input;
}

void TensorSlots::PutStatus(int slot, const absl::Status& status) {
  Header& head = header(slot);
  const size_t size = std::min(status.message().size(), kMaxErrorBytes);
  head.code = static_cast<uint32_t>(status.code());
  head.error_bytes = static_cast<uint32_t>(size);
  if (size > 0) std::memcpy(head.error, status.message().data(), size);
}

absl::Status TensorSlots::GetStatus(int slot) const {
  const Header& head = header(slot);
  const absl::StatusCode code = CheckedCode(head.code);
  if (code == absl::StatusCode::kOk) return absl::OkStatus();
  const size_t size = std::min<size_t>(head.error_bytes, kMaxErrorBytes);
  return absl::Status(code, std::string(head.error, size));
}

void TensorSlots::PutResult(int slot, const absl::StatusOr<Embedding>& result) {
  absl::Status status = result.status();
  if (status.ok() && (result->values.size() != static_cast<size_t>(sizes_.embedding_floats()) ||
                      result->gate_scores.size() != gates_)) {
    status = absl::InternalError("the model returned an embedding of the wrong size");
  }
  PutStatus(slot, status);
  if (!status.ok()) return;
  std::copy(result->gate_scores.begin(), result->gate_scores.end(), header(slot).gate_score);
  Write(slot, embedding_at_, result->values);
}

void TensorSlots::PutResult(int slot, const absl::StatusOr<MaskLogits>& result) {
  absl::Status status = result.status();
  if (status.ok() && result->values.size() != static_cast<size_t>(sizes_.logits_floats())) {
    status = absl::InternalError("the model returned logits of the wrong size");
  }
  PutStatus(slot, status);
  if (!status.ok()) return;
  header(slot).iou_prediction = result->iou_prediction;
  Write(slot, logits_at_, result->values);
}

absl::StatusOr<Embedding> TensorSlots::GetEmbedding(int slot) const {
  RETURN_IF_ERROR(GetStatus(slot));
  Embedding embedding;
  embedding.values = Read(slot, embedding_at_, sizes_.embedding_floats());
  embedding.gate_scores.assign(header(slot).gate_score, header(slot).gate_score + gates_);
  return embedding;
}

absl::StatusOr<MaskLogits> TensorSlots::GetLogits(int slot) const {
  RETURN_IF_ERROR(GetStatus(slot));
  return MaskLogits{Read(slot, logits_at_, sizes_.logits_floats()), header(slot).iou_prediction};
}

}  // namespace sgpsam
