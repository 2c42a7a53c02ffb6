#include "core/worker_link/remote_engine.h"

#include <algorithm>
#include <cstdint>
#include <type_traits>
#include <utility>

#include "absl/strings/str_cat.h"
#include "absl/types/span.h"
#include "core/base/log.h"
#include "core/base/status_macros.h"
#include "core/engine/max_batch.h"
#include "core/worker_link/link_socket.h"

namespace sgpsam {
namespace {

constexpr absl::Duration kShareTimeout = absl::Seconds(30);  // mapping memory needs no model

bool SameModel(const ModelInfo& a, const ModelInfo& b) {
  return a.weights_digest == b.weights_digest && a.precision == b.precision && a.device == b.device &&
         a.gate_blocks == b.gate_blocks && a.sizes.patch == b.sizes.patch &&
         a.sizes.embedding_floats() == b.sizes.embedding_floats() &&
         a.sizes.logits_side == b.sizes.logits_side && a.sizes.patch_channels == b.sizes.patch_channels;
}

}  // namespace

absl::StatusOr<std::unique_ptr<RemoteEngine>> RemoteEngine::Start(const RemoteEngineOptions& options) {
  if (options.max_batch < 0 || options.max_batch > kMaxSlots) {
    return absl::InvalidArgumentError(absl::StrCat("the batch size must be 0 to ", kMaxSlots));
  }
  std::unique_ptr<RemoteEngine> engine(new RemoteEngine(options));
  ASSIGN_OR_RETURN(engine->info_, engine->Launch());
  RETURN_IF_ERROR(engine->ShareMemory());
  return engine;
}

absl::Status RemoteEngine::Restart() {
  socket_.Close();
  if (process_.pid() > 0) {
    const pid_t pid = process_.pid();
    Log(LogLevel::kWarning, "worker ended", {{"pid", pid}, {"how", process_.End()}});
  }
  ASSIGN_OR_RETURN(const ModelInfo info, Launch());
  if (!SameModel(info, info_)) {
    Discard();
    return absl::FailedPreconditionError(
        "the model file, or what its self-test chose, has changed since the server started; restart the "
        "server "
        "to serve it");
  }
  return ShareMemory();
}

bool RemoteEngine::alive() const { return socket_.valid() && !LinkPeerGone(socket_.get()); }

// Starts a worker and hears its first word.
absl::StatusOr<ModelInfo> RemoteEngine::Launch() {
  if (options_.stop != nullptr && options_.stop->IsSet()) {
    return absl::UnavailableError("no worker is wanted any more");
  }
  ASSIGN_OR_RETURN(LinkSockets ends, MakeLinkSockets());
  ASSIGN_OR_RETURN(process_,
                   WorkerProcess::Start(options_.worker_binary, options_.arguments, std::move(ends.worker)));
  socket_ = std::move(ends.server);
  absl::StatusOr<ReceivedMessage> first =
      ReceiveLinkMessage(socket_.get(), options_.start_timeout, options_.stop);
  if (!first.ok()) return EndWorker(first.status());
  if (first->message.type == MessageType::kStartupError) {
    Discard();
    return ParseStartupError(first->message);
  }
  absl::StatusOr<ModelInfo> info = ParseHello(first->message);
  if (!info.ok()) Discard();
  return info;
}

absl::Status RemoteEngine::ShareMemory() {
  const int slots = MaxBatch(options_.max_batch, info_.device);
  absl::StatusOr<SharedRegion> region = SharedRegion::Create(TensorSlots::RegionBytes(info_, slots));
  if (!region.ok()) {
    Discard();
    return region.status();
  }
  region_ = *std::move(region);
  slots_ = TensorSlots(region_.data(), info_, slots);
  sequence_ = 0;
  const LinkMessage offer = MakeCommand(MessageType::kRegion, 0, static_cast<uint32_t>(slots));
  absl::Status status = SendLinkMessage(socket_.get(), offer, region_.fd());
  if (status.ok()) status = ReceiveLinkMessage(socket_.get(), kShareTimeout, options_.stop).status();
  return status.ok() ? status : EndWorker(status);
}

std::vector<absl::StatusOr<Embedding>> RemoteEngine::Encode(absl::Span<const Patch* const> patches) {
  return Run<Embedding>(patches);
}

std::vector<absl::StatusOr<MaskLogits>> RemoteEngine::Decode(absl::Span<const DecodeInput* const> inputs) {
  return Run<MaskLogits>(inputs);
}

template <typename Output, typename Input>
std::vector<absl::StatusOr<Output>> RemoteEngine::Run(absl::Span<const Input* const> inputs) {
  std::vector<absl::StatusOr<Output>> results;
  results.reserve(inputs.size());
  for (size_t begin = 0; begin < inputs.size(); begin += static_cast<size_t>(slots_.count())) {
    RunSlots<Output>(inputs.subspan(begin, static_cast<size_t>(slots_.count())), results);
  }
  return results;
}

// Appends one result per input; there are at most as many inputs as slots.
template <typename Output, typename Input>
void RemoteEngine::RunSlots(absl::Span<const Input* const> inputs,
                            std::vector<absl::StatusOr<Output>>& results) {
  constexpr bool kEncodes = std::is_same_v<Output, Embedding>;
  std::vector<absl::Status> refused;  // by input; OK: it has a slot
  uint32_t filled = 0;
  for (const Input* input : inputs) {
    refused.push_back(slots_.PutInput(static_cast<int>(filled), *input));
    if (refused.back().ok()) ++filled;
  }
  absl::Status ran = absl::OkStatus();
  if (filled > 0) {
    ran = Exchange(kEncodes ? MessageType::kEncode : MessageType::kDecode, filled,
                   filled * (kEncodes ? options_.encode_timeout : options_.decode_timeout));
  }
  int slot = 0;
  for (const absl::Status& status : refused) {
    if (!status.ok()) {
      results.emplace_back(status);
    } else if (!ran.ok()) {
      results.emplace_back(ran);
    } else if constexpr (kEncodes) {
      results.push_back(slots_.GetEmbedding(slot++));
    } else {
      results.push_back(slots_.GetLogits(slot++));
    }
  }
  // The worker itself says that its replica is lost (a device error that does not go away).
  const auto lost = [](const auto& result) { return absl::IsUnavailable(result.status()); };
  if (ran.ok() && std::any_of(results.begin(), results.end(), lost)) Discard();
}

// One command and its answer. Anything but the right answer in time costs the worker its life.
absl::Status RemoteEngine::Exchange(MessageType type, uint32_t count, absl::Duration timeout) {
  if (!socket_.valid()) return absl::UnavailableError("the worker is not running");
  const LinkMessage command = MakeCommand(type, ++sequence_, count);
  const absl::Status sent = SendLinkMessage(socket_.get(), command);
  if (!sent.ok()) return EndWorker(sent);
  const absl::StatusOr<ReceivedMessage> answer = ReceiveLinkMessage(socket_.get(), timeout, options_.stop);
  if (!answer.ok()) return EndWorker(answer.status());
  const LinkMessage& message = answer->message;
  if (message.type != MessageType::kDone || message.sequence != sequence_ || message.count != count) {
    return EndWorker(absl::InternalError("the worker's answer does not belong to the question"));
  }
  return absl::OkStatus();
}

// Ends a worker that failed us and tells why, as UNAVAILABLE.
absl::Status RemoteEngine::EndWorker(const absl::Status& cause) {
  const bool gone = absl::IsUnavailable(cause);
  socket_.Close();
  const std::string end = gone ? process_.End() : process_.Kill();
  if (gone) return absl::UnavailableError(absl::StrCat("the worker process ", end));
  return absl::UnavailableError(absl::StrCat("the worker process was stopped: ", cause.message()));
}

void RemoteEngine::Discard() {
  socket_.Close();
  process_.Kill();
}

}  // namespace sgpsam
