#include "server/doors/grpc/response_stream.h"

#include <cstdint>
#include <string>
#include <utility>

#include "absl/strings/string_view.h"
#include "server/doors/grpc/contract_limits.h"

namespace sgpsam {

void ResponseStream::Push(v1::SegmentResponse message) {
  if (message.has_progress() && !messages_.empty() && messages_.back().has_progress()) messages_.pop_back();
  messages_.push_back(std::move(message));
}

void ResponseStream::PushResult(v1::SegmentResult result, std::vector<Output> outputs) {
  v1::SegmentResponse message;
  *message.mutable_result() = std::move(result);
  messages_.push_back(std::move(message));
  outputs_ = std::move(outputs);
}

void ResponseStream::Clear() {
  messages_.clear();
  outputs_.clear();
  output_ = sent_ = 0;
}

bool ResponseStream::Next(v1::SegmentResponse& message) {
  if (!messages_.empty()) {
    message = std::move(messages_.front());
    messages_.pop_front();
    return true;
  }
  while (output_ < outputs_.size() && sent_ == outputs_[output_].view().size()) {
    outputs_[output_].bytes = std::string();
    ++output_;
    sent_ = 0;
  }
  if (output_ == outputs_.size()) return false;
  const absl::string_view chunk = outputs_[output_].view().substr(sent_, kMaxChunkBytes);
  message.mutable_output()->set_output_index(static_cast<uint32_t>(output_));
  message.mutable_output()->set_data(chunk.data(), chunk.size());
  sent_ += chunk.size();
  return true;
}

}  // namespace sgpsam
