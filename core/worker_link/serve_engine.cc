#include "core/worker_link/serve_engine.h"

#include <poll.h>
#include <signal.h>
#include <unistd.h>

#include <cerrno>
#include <cstdint>
#include <thread>
#include <utility>
#include <vector>

#include "absl/status/statusor.h"
#include "core/base/status_macros.h"
#include "core/worker_link/link_message.h"
#include "core/worker_link/link_socket.h"
#include "core/worker_link/shared_region.h"
#include "core/worker_link/tensor_slots.h"

namespace sgpsam {
namespace {

void WaitForHangUp(int socket) {
  pollfd poll_one = {socket, POLLRDHUP, 0};
  while (poll(&poll_one, 1, -1) < 0 && errno == EINTR) {
  }
}

// The memory that the server offers, mapped and checked.
absl::StatusOr<SharedRegion> AcceptRegion(int socket, const ModelInfo& info, int& slots) {
  ASSIGN_OR_RETURN(ReceivedMessage offer, ReceiveLinkMessage(socket));
  if (offer.message.type != MessageType::kRegion || offer.message.count < 1 ||
      offer.message.count > kMaxSlots) {
    return absl::InternalError("the server offered no shared memory");
  }
  slots = static_cast<int>(offer.message.count);
  return SharedRegion::Map(std::move(offer.fd), TensorSlots::RegionBytes(info, slots));
}

void RunEncode(Engine& engine, TensorSlots& slots, int count) {
  std::vector<Patch> patches(count);
  std::vector<const Patch*> inputs(count);
  for (int i = 0; i < count; ++i) {
    patches[i] = slots.GetPatch(i);
    inputs[i] = &patches[i];
  }
  auto results = engine.Encode(inputs);
  results.resize(patches.size(), absl::InternalError("the engine returned too few results"));
  for (int i = 0; i < count; ++i) slots.PutResult(i, results[i]);
}

void RunDecode(Engine& engine, TensorSlots& slots, int count) {
  std::vector<absl::StatusOr<DecodeInput>> received;
  std::vector<const DecodeInput*> inputs;
  received.reserve(count);
  inputs.reserve(count);
  for (int i = 0; i < count; ++i) received.push_back(slots.GetDecodeInput(i));
  for (const auto& input : received) {
    if (input.ok()) inputs.push_back(&*input);
  }
  auto results = engine.Decode(inputs);
  results.resize(inputs.size(), absl::InternalError("the engine returned too few results"));
  size_t next = 0;
  for (int i = 0; i < count; ++i) {
    if (received[i].ok()) {
      slots.PutResult(i, results[next++]);
    } else {
      slots.PutResult(i, absl::StatusOr<MaskLogits>(received[i].status()));
    }
  }
}

absl::Status Answer(int socket, Engine& engine, TensorSlots& slots, const LinkMessage& command) {
  const bool known = command.type == MessageType::kEncode || command.type == MessageType::kDecode;
  if (!known || command.count < 1 || command.count > static_cast<uint32_t>(slots.count())) {
    return absl::InternalError("the server sent a command that does not exist");
  }
  const int count = static_cast<int>(command.count);
  if (command.type == MessageType::kEncode) {
    RunEncode(engine, slots, count);
  } else {
    RunDecode(engine, slots, count);
  }
  return SendLinkMessage(socket, MakeCommand(MessageType::kDone, command.sequence, command.count));
}

}  // namespace

void EndWithServer(int socket) {
  for (int number : {SIGINT, SIGTERM, SIGHUP}) signal(number, SIG_IGN);
  std::thread([socket] {
    WaitForHangUp(socket);
    _exit(0);
  }).detach();
}

absl::Status ServeEngine(int socket, Engine& engine) {
  const absl::StatusOr<LinkMessage> hello = MakeHello(engine.info());
  if (!hello.ok()) {
    ReportStartupError(socket, hello.status());
    return hello.status();
  }
  RETURN_IF_ERROR(SendLinkMessage(socket, *hello));
  int count = 0;
  ASSIGN_OR_RETURN(const SharedRegion region, AcceptRegion(socket, engine.info(), count));
  TensorSlots slots(region.data(), engine.info(), count);
  RETURN_IF_ERROR(SendLinkMessage(socket, MakeCommand(MessageType::kDone, 0, 0)));
  while (true) {
    const absl::StatusOr<ReceivedMessage> command = ReceiveLinkMessage(socket);
    if (absl::IsUnavailable(command.status())) return absl::OkStatus();
    RETURN_IF_ERROR(command.status());
    const absl::Status answered = Answer(socket, engine, slots, command->message);
    if (absl::IsUnavailable(answered)) return absl::OkStatus();
    RETURN_IF_ERROR(answered);
  }
}

void ReportStartupError(int socket, const absl::Status& error) {
  SendLinkMessage(socket, MakeStartupError(error)).IgnoreError();  // nobody is left to tell otherwise
}

}  // namespace sgpsam
