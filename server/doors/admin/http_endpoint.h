// /metrics for Prometheus, /healthz and /readyz for probes, over plain HTTP: one GET or HEAD a connection.
// Bounded against whoever reaches the port: a request's head is at most 8 KiB and has 5 s, a body is never
// read, 64 connections are held and one more closes the oldest, so that a few slow ones cannot lock the
// others out. Probes are answered while /metrics is still collected: a driver that does not answer stops the
// numbers only. Owns two threads.
#ifndef SGPSAM_SERVER_DOORS_ADMIN_HTTP_ENDPOINT_H_
#define SGPSAM_SERVER_DOORS_ADMIN_HTTP_ENDPOINT_H_

#include <functional>
#include <memory>
#include <string>

#include "absl/status/statusor.h"
#include "core/base/clock.h"
#include "core/metrics/metrics.h"

namespace sgpsam {

class HttpEndpoint {
 public:
  // Answers from now on. /healthz is 200 as long as the process lives, /readyz is 200 while `ready()`
  // (called from the endpoint's thread) and 503 otherwise. `metrics` and `clock` outlive the endpoint.
  // /metrics is collected one text at a time; who asks meanwhile gets the next one.
  // UNAVAILABLE if the address cannot be bound.
  static absl::StatusOr<std::unique_ptr<HttpEndpoint>> Start(const std::string& host, int port,
                                                             Metrics& metrics, std::function<bool()> ready,
                                                             Clock& clock);
  ~HttpEndpoint();  // waits for a collection that is under way

  int port() const;

 private:
  struct State;
  explicit HttpEndpoint(std::unique_ptr<State> state);
  std::unique_ptr<State> state_;
};

}  // namespace sgpsam

#endif  // SGPSAM_SERVER_DOORS_ADMIN_HTTP_ENDPOINT_H_
