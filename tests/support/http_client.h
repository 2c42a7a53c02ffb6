// A TCP connection to a server on this machine that says what a test wants it to say, and the little HTTP
// that tests need on top of it.
#ifndef SGPSAM_TESTS_SUPPORT_HTTP_CLIENT_H_
#define SGPSAM_TESTS_SUPPORT_HTTP_CLIENT_H_

#include <arpa/inet.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cstdlib>
#include <string>
#include <utility>

#include "absl/strings/str_cat.h"
#include "absl/strings/string_view.h"

namespace sgpsam {

class LocalConnection {
 public:
  explicit LocalConnection(int port) : socket_(socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0)) {
    sockaddr_in address = {};
    address.sin_family = AF_INET;
    address.sin_port = htons(static_cast<uint16_t>(port));
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    connected_ = connect(socket_, reinterpret_cast<sockaddr*>(&address), sizeof(address)) == 0;
  }
  ~LocalConnection() {
    if (socket_ >= 0) close(socket_);
  }
  LocalConnection(LocalConnection&& other) noexcept
      : socket_(std::exchange(other.socket_, -1)), connected_(other.connected_) {}

  bool connected() const { return connected_; }
  // False once the other end takes no more.
  bool Send(absl::string_view bytes) {
    while (!bytes.empty()) {
      const ssize_t size = send(socket_, bytes.data(), bytes.size(), MSG_NOSIGNAL);
      if (size <= 0) return false;
      bytes.remove_prefix(static_cast<size_t>(size));
    }
    return true;
  }
  // Everything until the other end closes.
  std::string ReadToEnd() {
    std::string all;
    char bytes[4096];
    for (ssize_t size = 0; (size = recv(socket_, bytes, sizeof(bytes), 0)) > 0;) {
      all.append(bytes, static_cast<size_t>(size));
    }
    return all;
  }

 private:
  int socket_;
  bool connected_ = false;
};

// The whole answer to a whole request.
inline std::string HttpExchange(int port, absl::string_view request) {
  LocalConnection connection(port);
  connection.Send(request);
  return connection.ReadToEnd();
}

// The status of an answer, "HTTP/1.1 200 OK…"; -1 if it is none.
inline int StatusOf(const std::string& answer) {
  return answer.rfind("HTTP/1.1 ", 0) == 0 ? std::atoi(answer.c_str() + 9) : -1;
}

inline int HttpStatus(int port, absl::string_view path) {
  return StatusOf(HttpExchange(port, absl::StrCat("GET ", path, " HTTP/1.1\r\nHost: localhost\r\n\r\n")));
}

}  // namespace sgpsam

#endif  // SGPSAM_TESTS_SUPPORT_HTTP_CLIENT_H_
