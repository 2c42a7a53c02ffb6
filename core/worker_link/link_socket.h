// Sending and receiving whole messages on the Unix socket between server and worker, with time-outs.
// Each end is used by one thread at a time.
#ifndef SGPSAM_CORE_WORKER_LINK_LINK_SOCKET_H_
#define SGPSAM_CORE_WORKER_LINK_LINK_SOCKET_H_

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "core/base/stop_event.h"
#include "core/worker_link/link_message.h"
#include "core/worker_link/unique_fd.h"

namespace sgpsam {

struct LinkSockets {
  UniqueFd server, worker;
};
// Two connected ends that keep message boundaries; neither survives an exec by itself.
absl::StatusOr<LinkSockets> MakeLinkSockets();

// Sends the message and, if it is valid, a duplicate of `passed_fd`. UNAVAILABLE: the other end has gone.
absl::Status SendLinkMessage(int socket, const LinkMessage& message, int passed_fd = -1);

struct ReceivedMessage {
  LinkMessage message;
  UniqueFd fd;  // valid if one was passed
};
// The next message, its frame checked. UNAVAILABLE: the other end has gone. DEADLINE_EXCEEDED: nothing
// came in time (measured on the steady clock). CANCELLED: `stop` was set, whatever may have come. INTERNAL:
// it is no message of ours.
absl::StatusOr<ReceivedMessage> ReceiveLinkMessage(int socket,
                                                   absl::Duration timeout = absl::InfiniteDuration(),
                                                   const StopEvent* stop = nullptr);

// Whether the other end has gone, without reading anything.
bool LinkPeerGone(int socket);

}  // namespace sgpsam

#endif  // SGPSAM_CORE_WORKER_LINK_LINK_SOCKET_H_
