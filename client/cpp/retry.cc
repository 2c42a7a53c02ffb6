#include "client/cpp/retry.h"

#include <google/protobuf/duration.pb.h>
#include <google/protobuf/wrappers.pb.h>

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <string>

#include "absl/strings/match.h"
#include "absl/strings/numbers.h"
#include "absl/strings/string_view.h"
#include "client/cpp/grpc_status.h"
#include "core/base/reason.h"
#include "sgpsam/v1/error_details.pb.h"

namespace sgpsam::client {
namespace {

constexpr absl::Duration kFirstBackoff = absl::Seconds(1), kLongestBackoff = absl::Seconds(10);
constexpr double kSpread = 0.2;  // of a back-off, either way

// How gRPC says that a call never left.
constexpr absl::string_view kNoConnection[] = {
    "failed to connect to all addresses", "connections to all backends failing", "DNS resolution failed"};

bool IsNoConnection(absl::string_view message) {
  return std::any_of(std::begin(kNoConnection), std::end(kNoConnection),
                     [message](absl::string_view text) { return absl::StartsWith(message, text); });
}

std::optional<absl::Duration> RetryInfoIn(const std::string& details_bytes) {
  v1::RpcStatus details;
  if (!details.ParseFromString(details_bytes)) return std::nullopt;
  for (const google::protobuf::Any& detail : details.details()) {
    // google.rpc.RetryInfo is one Duration, its field 1: what a BytesValue has there, too.
    google::protobuf::BytesValue info;
    google::protobuf::Duration delay;
    if (absl::EndsWith(detail.type_url(), "/google.rpc.RetryInfo") && info.ParseFromString(detail.value()) &&
        delay.ParseFromString(info.value())) {
      return absl::Seconds(delay.seconds()) + absl::Nanoseconds(delay.nanos());
    }
  }
  return std::nullopt;
}

// Nothing: it says nothing. Below 0: no further attempt.
std::optional<absl::Duration> Pushback(const grpc::ClientContext& context) {
  const auto& metadata = context.GetServerTrailingMetadata();
  const auto found = metadata.find("grpc-retry-pushback-ms");
  if (found == metadata.end()) return std::nullopt;
  int64_t milliseconds = 0;
  const bool number =
      absl::SimpleAtoi(absl::string_view(found->second.data(), found->second.size()), &milliseconds);
  return absl::Milliseconds(number ? milliseconds : -1);
}

bool IsBusy(const absl::Status& status, bool says_when) {
  if (status.code() == absl::StatusCode::kUnavailable) return true;
  // What is too large for one message is exhausted, too, and stays so.
  return status.code() == absl::StatusCode::kResourceExhausted &&
         (says_when || ReasonOf(status) == Reason::kServerBusy);
}

}  // namespace

Failure FailureOf(const grpc::Status& status, const grpc::ClientContext& context) {
  Failure failure{.status = FromGrpc(status), .wait = RetryInfoIn(status.error_details())};
  const std::optional<absl::Duration> pushback = Pushback(context);
  if (pushback) failure.wait = std::max(*pushback, failure.wait.value_or(*pushback));
  if (failure.wait) failure.wait = std::max(*failure.wait, absl::ZeroDuration());
  if (!IsBusy(failure.status, failure.wait.has_value())) return failure;
  if (pushback && *pushback < absl::ZeroDuration()) return failure;
  failure.kind =
      IsNoConnection(status.error_message()) ? Failure::Kind::kUnreachable : Failure::Kind::kUnavailable;
  return failure;
}

std::optional<absl::Duration> Attempts::WaitAfter(const Failure& failure, absl::Time now, double chance) {
  const std::optional<absl::Duration> wait = Wait(failure, chance);
  return wait && now + *wait < deadline_ ? wait : std::nullopt;
}

std::optional<absl::Duration> Attempts::Wait(const Failure& failure, double chance) {
  if (failure.kind == Failure::Kind::kFinal) return std::nullopt;
  const bool unreachable = failure.kind == Failure::Kind::kUnreachable;
  const bool another = ++tried_ < servers_;
  if (unreachable && another) return absl::ZeroDuration();
  if (++attempts_ >= most_) return std::nullopt;
  if (!unreachable) reached_ = true;
  // Who was never there is not waited for: the address may be wrong, and a person waits.
  if (!reached_) return std::nullopt;
  if (failure.wait) return *failure.wait <= kLongestWait ? failure.wait : std::nullopt;
  if (another) return absl::ZeroDuration();
  const absl::Duration backoff = std::min(kFirstBackoff * std::exp2(backoffs_++), kLongestBackoff);
  return backoff * (1 - kSpread + 2 * kSpread * chance);
}

}  // namespace sgpsam::client
