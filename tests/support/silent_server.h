// A server on this machine that takes connections and never says a word: whoever calls it waits for the
// connection.
#ifndef SGPSAM_TESTS_SUPPORT_SILENT_SERVER_H_
#define SGPSAM_TESTS_SUPPORT_SILENT_SERVER_H_

#include <arpa/inet.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

#include <string>

#include "absl/strings/str_cat.h"

namespace sgpsam {

class SilentServer {
 public:
  SilentServer() : socket_(socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0)) {
    address_.sin_family = AF_INET;
    address_.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    socklen_t size = sizeof(address_);
    if (bind(socket_, reinterpret_cast<sockaddr*>(&address_), size) != 0 || listen(socket_, 8) != 0) return;
    getsockname(socket_, reinterpret_cast<sockaddr*>(&address_), &size);
  }
  ~SilentServer() { close(socket_); }
  std::string address() const { return absl::StrCat("127.0.0.1:", ntohs(address_.sin_port)); }

 private:
  const int socket_;
  sockaddr_in address_ = {};
};

}  // namespace sgpsam

#endif  // SGPSAM_TESTS_SUPPORT_SILENT_SERVER_H_
