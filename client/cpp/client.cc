#include "sgpsam/client.h"

#include <grpcpp/channel.h>
#include <grpcpp/create_channel.h>
#include <grpcpp/security/credentials.h>
#include <grpcpp/support/channel_arguments.h>

#include <memory>
#include <utility>

#include "client/cpp/grpc_status.h"
#include "client/cpp/messages.h"
#include "client/cpp/segment_call.h"
#include "core/base/status_macros.h"
#include "sgpsam/v1/segmentation.grpc.pb.h"

namespace sgpsam::client {

struct Client::State {
  std::unique_ptr<v1::SegmentationService::Stub> stub;
};

Client::Client(std::unique_ptr<State> state) : state_(std::move(state)) {}
Client::Client(Client&&) noexcept = default;
Client& Client::operator=(Client&&) noexcept = default;
Client::~Client() = default;

absl::StatusOr<Client> Client::Connect(const std::string& target, const ConnectOptions& options) {
  if (target.empty()) return absl::InvalidArgumentError("no server given; expected HOST:PORT");
  grpc::ChannelArguments arguments;
  if (!options.user_agent.empty()) arguments.SetUserAgentPrefix(options.user_agent);
  auto channel = grpc::CreateCustomChannel(target, grpc::InsecureChannelCredentials(), arguments);
  return Client(std::make_unique<State>(State{v1::SegmentationService::NewStub(channel)}));
}

absl::StatusOr<SegmentResult> Client::Segment(const SegmentRequest& request,
                                              const ProgressCallback& progress) const {
  return SegmentCall(*state_->stub, request, progress).Run();
}

absl::StatusOr<ModelDescription> Client::DescribeModel(absl::Time deadline) const {
  grpc::ClientContext context;
  if (deadline != absl::InfiniteFuture()) context.set_deadline(absl::ToChronoTime(deadline));
  v1::DescribeModelResponse response;
  RETURN_IF_ERROR(FromGrpc(state_->stub->DescribeModel(&context, {}, &response)));
  return FromMessage(response);
}

}  // namespace sgpsam::client
