#include "client/cpp/result_collector.h"

#include <algorithm>
#include <utility>

#include "absl/status/status.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/string_view.h"
#include "client/cpp/messages.h"
#include "core/base/status_macros.h"

namespace sgpsam::client {
namespace {

// No more than this is set aside for an output on the server's word alone.
constexpr uint64_t kMaxReservedBytes = uint64_t{64} << 20;

absl::Status Broken(absl::string_view what) {
  return absl::InternalError(absl::StrCat("the server's answer breaks the contract: ", what));
}

}  // namespace

absl::Status ResultCollector::Add(const v1::SegmentResult& message) {
  if (has_result_) return Broken("two results");
  has_result_ = true;
  result_ = FromMessage(message);
  outputs_.assign(message.outputs().begin(), message.outputs().end());
  bytes_.resize(outputs_.size());
  for (size_t n = 0; n < outputs_.size(); ++n) {
    const uint64_t size = outputs_[n].size_bytes();
    if (outputs_[n].target_index() >= result_.targets.size()) return Broken("an output of no target");
    if (total_ + size < total_) return Broken("sizes beyond 64 bits");
    total_ += size;
    bytes_[n].reserve(std::min(size, kMaxReservedBytes));
  }
  return absl::OkStatus();
}

absl::Status ResultCollector::Add(const v1::OutputChunk& chunk) {
  if (!has_result_) return Broken("an output before the result");
  if (chunk.output_index() >= outputs_.size()) return Broken("a chunk of no output");
  std::string& bytes = bytes_[chunk.output_index()];
  if (chunk.data().size() > outputs_[chunk.output_index()].size_bytes() - bytes.size()) {
    return Broken("an output longer than announced");
  }
  bytes.append(chunk.data());
  done_ += chunk.data().size();
  return absl::OkStatus();
}

absl::StatusOr<SegmentResult> ResultCollector::Finish() {
  if (!has_result_) return absl::DataLossError("the server ended the call without a result");
  if (done_ != total_) {
    return absl::DataLossError(absl::StrCat("only ", done_, " of the result's ", total_, " bytes came"));
  }
  for (size_t n = 0; n < outputs_.size(); ++n) RETURN_IF_ERROR(Place(outputs_[n], std::move(bytes_[n])));
  return std::move(result_);
}

absl::Status ResultCollector::Place(const v1::Output& output, std::string bytes) {
  TargetResult& target = result_.targets[output.target_index()];
  switch (output.kind()) {
    case v1::OUTPUT_KIND_MASK:
      (format_ == MaskFormat::kRawBits ? target.mask_bits : result_.file) = std::move(bytes);
      return absl::OkStatus();
    case v1::OUTPUT_KIND_PROBABILITIES: {
      ASSIGN_OR_RETURN(target.probabilities, FloatSamples(bytes));
      return absl::OkStatus();
    }
    case v1::OUTPUT_KIND_UNCERTAINTY: {
      ASSIGN_OR_RETURN(target.uncertainty, FloatSamples(bytes));
      return absl::OkStatus();
    }
    case v1::OUTPUT_KIND_LOGITS: {
      ASSIGN_OR_RETURN(target.previous.samples, FloatSamples(bytes));
      return absl::OkStatus();
    }
    case v1::OUTPUT_KIND_UPRIGHT_IMAGE: result_.upright_image = std::move(bytes); return absl::OkStatus();
    default: return absl::OkStatus();  // a kind of a later version, which nobody asked for
  }
}

}  // namespace sgpsam::client
