// /metrics for Prometheus, /healthz and /readyz for probes, over plain HTTP. Owns its threads.
#ifndef SGPSAM_SERVER_HTTP_ENDPOINT_H_
#define SGPSAM_SERVER_HTTP_ENDPOINT_H_

#include <functional>
#include <memory>
#include <string>

#include "absl/status/statusor.h"
#include "core/metrics/metrics.h"

namespace sgpsam {

class HttpEndpoint {
 public:
  // Answers from now on. /healthz is 200 as long as the process lives, /readyz is 200 while `ready()`
  // (called from the endpoint's threads) and 503 otherwise. `metrics` outlives the endpoint.
  // UNAVAILABLE if the address cannot be bound.
  static absl::StatusOr<std::unique_ptr<HttpEndpoint>> Start(const std::string& host, int port,
                                                             Metrics& metrics, std::function<bool()> ready);
  ~HttpEndpoint();

  int port() const;

 private:
  struct State;
  explicit HttpEndpoint(std::unique_ptr<State> state);
  std::unique_ptr<State> state_;
};

}  // namespace sgpsam

#endif  // SGPSAM_SERVER_HTTP_ENDPOINT_H_
