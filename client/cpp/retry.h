// Whether a call that failed is sent again, when, and why not: every call of the contract may be, since the
// server keeps nothing of it and the volume stays with the caller. Private to the library; no threads.
#ifndef SGPSAM_CLIENT_CPP_RETRY_H_
#define SGPSAM_CLIENT_CPP_RETRY_H_

#include <grpcpp/client_context.h>
#include <grpcpp/support/status.h>

#include <cstddef>
#include <optional>

#include "absl/status/status.h"
#include "absl/time/time.h"

namespace sgpsam::client {

// How an attempt ended that the server, or the way to it, let fail.
struct Failure {
  enum class Kind {
    kFinal,        // another attempt would fail likewise, or the server forbade it
    kUnreachable,  // no server was reached: nothing was sent
    kUnavailable,  // the server is busy, going or gone
  };
  absl::Status status;
  Kind kind = Kind::kFinal;
  std::optional<absl::Duration> wait;  // for how long the server asked, at least 0
};

// Reads google.rpc.RetryInfo from the status's details and grpc-retry-pushback-ms from the trailing metadata
// of a call that is over. Of both the longer wait counts; a pushback below 0, or none that is a number,
// forbids another attempt.
Failure FailureOf(const grpc::Status& status, const grpc::ClientContext& context);

// The attempts of one call, one server after the other.
class Attempts {
 public:
  // A wait that a server asks for is granted up to this; beyond it the error goes to the caller at once.
  static constexpr absl::Duration kLongestWait = absl::Minutes(1);

  // `most`: of the attempts that reach a server, and one that reaches none.
  Attempts(int most, size_t servers, absl::Time deadline)
      : most_(most), servers_(servers), deadline_(deadline) {}

  // After the attempt that failed so: how long to wait before the next one, on the next server. Nothing:
  // there is none. `chance`, 0 to 1, spreads those who were refused together.
  std::optional<absl::Duration> WaitAfter(const Failure& failure, absl::Time now, double chance);

 private:
  std::optional<absl::Duration> Wait(const Failure& failure, double chance);

  const int most_;
  const size_t servers_;
  const absl::Time deadline_;
  size_t tried_ = 0;
  int attempts_ = 0, backoffs_ = 0;
  bool reached_ = false;
};

}  // namespace sgpsam::client

#endif  // SGPSAM_CLIENT_CPP_RETRY_H_
