// HTTP/1.1 for the gateway's protocols: reads requests, asks an HttpService, writes its answers. Whoever
// reaches the port is bounded in all he can hold: connections, the head of a request, its body (by a size
// that the service names from the head alone), the memory of all bodies, and by a clock in every step, which
// runs for the step as a whole and not anew for each byte. One thread moves bytes; each answer is made on a
// thread of a pool with as many as there are connections, so that a slow one delays nobody's.
#ifndef SGPSAM_CLIENT_GATEWAY_HTTP_HTTP_SERVER_H_
#define SGPSAM_CLIENT_GATEWAY_HTTP_HTTP_SERVER_H_

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <variant>

#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "client/gateway/http/byte_budget.h"
#include "client/gateway/http/http_message.h"

namespace sgpsam::gateway {

struct HttpLimits {
  // One more takes the place of the oldest that waits for a request; where none does it is closed.
  size_t max_connections = 64;
  size_t max_head_bytes = 16384;  // the request line and all fields; X-Meta of a scribble has 200 bytes
  // From the connection, or the answer before, to the request's last field. Clients keep theirs open for 5 s.
  absl::Duration head_time = absl::Seconds(15);
  // From the last field to the last byte of the body, or of the answer: this, and a second for each mebibyte.
  absl::Duration transfer_time = absl::Seconds(30);
  // How long a body that was refused is read away: closing at once would take the answer from a client that
  // is still sending.
  absl::Duration discard_time = absl::Seconds(10);
};

class HttpService {
 public:
  virtual ~HttpService() = default;

  // How many bytes the body may have, or the answer at once if none is wanted, which is given before the body
  // is read. On the thread that moves all bytes: must not block.
  virtual std::variant<uint64_t, HttpAnswer> Admit(const HttpHead& head) = 0;

  // May block; any number at the same time. `body` has at most the bytes that Admit allowed.
  virtual HttpAnswer Answer(const HttpHead& head, std::string body) = 0;
};

class HttpServer {
 public:
  // Answers from now on. `service` and `budget`, from which bodies are taken, outlive it. UNAVAILABLE if the
  // address cannot be bound.
  static absl::StatusOr<std::unique_ptr<HttpServer>> Start(const std::string& host, int port,
                                                           const HttpLimits& limits, HttpService& service,
                                                           ByteBudget& budget);
  ~HttpServer();  // closes connections; waits for answers that are being made, and drops them

  int port() const;

  struct State;  // its own

 private:
  explicit HttpServer(std::unique_ptr<State> state);
  std::unique_ptr<State> state_;
};

}  // namespace sgpsam::gateway

#endif  // SGPSAM_CLIENT_GATEWAY_HTTP_HTTP_SERVER_H_
