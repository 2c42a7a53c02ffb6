#include "core/base/stop_event.h"

#include <poll.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include <cstdint>

namespace sgpsam {

StopEvent::StopEvent() : fd_(eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK)) {}

StopEvent::~StopEvent() { close(fd_); }

void StopEvent::Set() {
  const uint64_t one = 1;
  if (write(fd_, &one, sizeof(one)) < 0) return;  // set already, more often than can be counted
}

bool StopEvent::IsSet() const {
  pollfd poll_one = {fd_, POLLIN, 0};
  return poll(&poll_one, 1, 0) > 0;
}

}  // namespace sgpsam
