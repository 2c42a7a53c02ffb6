#include "core/worker_link/link_socket.h"

#include <poll.h>
#include <sys/socket.h>

#include <algorithm>
#include <cerrno>
#include <chrono>
#include <cstdint>
#include <cstring>
#include <iterator>
#include <limits>

#include "absl/strings/str_cat.h"
#include "absl/strings/string_view.h"
#include "core/base/status_macros.h"

namespace sgpsam {
namespace {

using SteadyClock = std::chrono::steady_clock;

absl::Status PeerGone() { return absl::UnavailableError("the other end of the worker link has gone"); }

absl::Status SystemError(absl::string_view what) {
  return absl::InternalError(absl::StrCat(what, " failed: ", std::strerror(errno)));
}

// Room for one descriptor, aligned as cmsghdr wants it.
union ControlBuffer {
  char bytes[CMSG_SPACE(sizeof(int))];
  cmsghdr align;
};

absl::Status AwaitReadable(int socket, absl::Duration timeout, const StopEvent* stop) {
  const bool forever = timeout == absl::InfiniteDuration();
  const auto end = SteadyClock::now() + absl::ToChronoNanoseconds(forever ? absl::ZeroDuration() : timeout);
  while (true) {
    int wait_ms = -1;
    if (!forever) {
      const auto left = std::chrono::ceil<std::chrono::milliseconds>(end - SteadyClock::now()).count();
      wait_ms = static_cast<int>(std::clamp<int64_t>(left, 0, std::numeric_limits<int>::max()));
    }
    pollfd polled[] = {{socket, POLLIN, 0}, {stop != nullptr ? stop->fd() : -1, POLLIN, 0}};  // -1: ignored
    const int ready = poll(polled, std::size(polled), wait_ms);
    if (ready > 0 && polled[1].revents != 0)
      return absl::CancelledError("nobody waits for the answer any more");
    if (ready > 0) return absl::OkStatus();
    if (ready < 0 && errno != EINTR) return SystemError("poll on the worker link");
    if (!forever && SteadyClock::now() >= end) {
      return absl::DeadlineExceededError(absl::StrCat("no answer within ", absl::FormatDuration(timeout)));
    }
  }
}

// The descriptor that came with the message, if exactly one did.
UniqueFd PassedFd(msghdr& header) {
  const cmsghdr* control = CMSG_FIRSTHDR(&header);
  if (control == nullptr || control->cmsg_level != SOL_SOCKET || control->cmsg_type != SCM_RIGHTS ||
      control->cmsg_len != CMSG_LEN(sizeof(int))) {
    return UniqueFd();
  }
  int fd = -1;
  std::memcpy(&fd, CMSG_DATA(control), sizeof(fd));
  return UniqueFd(fd);
}

}  // namespace

absl::StatusOr<LinkSockets> MakeLinkSockets() {
  int ends[2];
  if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, ends) != 0) return SystemError("socketpair");
  return LinkSockets{UniqueFd(ends[0]), UniqueFd(ends[1])};
}

absl::Status SendLinkMessage(int socket, const LinkMessage& message, int passed_fd) {
  iovec data = {const_cast<LinkMessage*>(&message), sizeof(message)};
  ControlBuffer control = {};
  msghdr header = {};
  header.msg_iov = &data;
  header.msg_iovlen = 1;
  if (passed_fd >= 0) {
    header.msg_control = control.bytes;
    header.msg_controllen = sizeof(control.bytes);
    cmsghdr* rights = CMSG_FIRSTHDR(&header);
    rights->cmsg_level = SOL_SOCKET;
    rights->cmsg_type = SCM_RIGHTS;
    rights->cmsg_len = CMSG_LEN(sizeof(int));
    std::memcpy(CMSG_DATA(rights), &passed_fd, sizeof(passed_fd));
  }
  // At most one message is under way in each direction, so the socket's buffer never fills: a send
  // that would block means an end that does not follow the protocol.
  ssize_t sent = -1;
  do {
    sent = sendmsg(socket, &header, MSG_NOSIGNAL | MSG_DONTWAIT);
  } while (sent < 0 && errno == EINTR);
  if (sent == static_cast<ssize_t>(sizeof(message))) return absl::OkStatus();
  if (sent < 0 && (errno == EPIPE || errno == ECONNRESET || errno == ENOTCONN)) return PeerGone();
  return SystemError("sending on the worker link");
}

absl::StatusOr<ReceivedMessage> ReceiveLinkMessage(int socket, absl::Duration timeout,
                                                   const StopEvent* stop) {
  RETURN_IF_ERROR(AwaitReadable(socket, timeout, stop));
  ReceivedMessage received;
  iovec data = {&received.message, sizeof(received.message)};
  ControlBuffer control = {};
  msghdr header = {};
  header.msg_iov = &data;
  header.msg_iovlen = 1;
  header.msg_control = control.bytes;
  header.msg_controllen = CMSG_LEN(sizeof(int));  // not CMSG_SPACE, whose padding would hold a second one
  ssize_t size = -1;
  do {
    size = recvmsg(socket, &header, MSG_CMSG_CLOEXEC);
  } while (size < 0 && errno == EINTR);
  if (size == 0 || (size < 0 && errno == ECONNRESET)) return PeerGone();
  if (size < 0) return SystemError("receiving on the worker link");
  received.fd = PassedFd(header);
  if (size != static_cast<ssize_t>(sizeof(received.message)) ||
      (header.msg_flags & (MSG_TRUNC | MSG_CTRUNC)) != 0) {
    return absl::InternalError("a message on the worker link has the wrong size");
  }
  RETURN_IF_ERROR(CheckFrame(received.message));
  return received;
}

bool LinkPeerGone(int socket) {
  pollfd poll_one = {socket, POLLRDHUP, 0};
  return poll(&poll_one, 1, 0) > 0;  // POLLHUP and POLLERR come unasked
}

}  // namespace sgpsam
