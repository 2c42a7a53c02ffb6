#include "sgpsam/client.h"

#include <algorithm>
#include <memory>
#include <optional>
#include <utility>

#include "absl/time/clock.h"
#include "client/cpp/cancel.h"
#include "client/cpp/messages.h"
#include "client/cpp/retry.h"
#include "client/cpp/segment_call.h"
#include "client/cpp/servers.h"
#include "core/base/random.h"
#include "core/base/status_macros.h"
#include "sgpsam/v1/segmentation.grpc.pb.h"

namespace sgpsam::client {
namespace {

// What one attempt came to: a result, an error of this side, or a failure of the other.
template <typename Result>
struct Attempt {
  absl::StatusOr<Result> result;
  std::optional<Failure> failure;
};

double Chance() { return Random(static_cast<uint64_t>(absl::GetCurrentTimeNanos())).Uniform(); }

Attempt<SegmentResult> TrySegment(v1::SegmentationService::Stub& stub, const SegmentRequest& request,
                                  const ProgressCallback& progress) {
  SegmentCall call(stub, request, progress);
  absl::StatusOr<SegmentResult> result = call.Run();
  return {std::move(result), call.failure()};
}

Attempt<ModelDescription> TryDescribe(v1::SegmentationService::Stub& stub, absl::Time deadline) {
  grpc::ClientContext context;
  if (deadline != absl::InfiniteFuture()) context.set_deadline(absl::ToChronoTime(deadline));
  v1::DescribeModelResponse response;
  const grpc::Status status = stub.DescribeModel(&context, {}, &response);
  if (status.ok()) return {FromMessage(response), std::nullopt};
  Failure failure = FailureOf(status, context);
  return {failure.status, failure};
}

}  // namespace

struct Client::State {
  std::unique_ptr<Servers> servers;
  int max_attempts = 1;

  // Of a call about `volume` ("": of none).
  template <typename Result, typename Try>
  absl::StatusOr<Result> Call(const std::string& volume, absl::Time deadline, const Cancel& cancel,
                              const Try& attempt_on) {
    Attempts attempts(max_attempts, servers->size(), deadline);
    size_t server = servers->First(volume);
    while (true) {
      Attempt<Result> attempt = attempt_on(servers->stub(server));
      if (attempt.result.ok()) servers->Remember(volume, server);
      if (!attempt.failure) return std::move(attempt.result);
      const auto wait = attempts.WaitAfter(*attempt.failure, absl::Now(), Chance());
      if (!wait) {
        const bool connected = attempt.failure->kind != Failure::Kind::kUnreachable;
        return connected ? attempt.result.status() : servers->Explained(attempt.result.status(), server);
      }
      if (!WaitUnlessCancelled(cancel, *wait)) return absl::CancelledError("the call was cancelled");
      server = (server + 1) % servers->size();
    }
  }
};

Client::Client(std::unique_ptr<State> state) : state_(std::move(state)) {}
Client::Client(Client&&) noexcept = default;
Client& Client::operator=(Client&&) noexcept = default;
Client::~Client() = default;

absl::StatusOr<Client> Client::Connect(const std::string& target, const ConnectOptions& options) {
  ASSIGN_OR_RETURN(std::unique_ptr<Servers> servers, Servers::Open(target, options));
  return Client(std::make_unique<State>(State{std::move(servers), options.max_attempts}));
}

absl::StatusOr<SegmentResult> Client::Segment(const SegmentRequest& request,
                                              const ProgressCallback& progress) const {
  const std::string volume = request.upload_without_asking ? "" : request.volume.sha256();
  return state_->Call<SegmentResult>(
      volume, request.deadline, request.cancel,
      [&](v1::SegmentationService::Stub& stub) { return TrySegment(stub, request, progress); });
}

absl::StatusOr<ModelDescription> Client::DescribeModel(absl::Time deadline) const {
  return state_->Call<ModelDescription>("", deadline, Cancel(), [&](v1::SegmentationService::Stub& stub) {
    return TryDescribe(stub, deadline);
  });
}

}  // namespace sgpsam::client
