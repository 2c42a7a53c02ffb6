// sgpsam-server without its process: owns every part in the order of construction. main.cc and the
// tests make one each; several may live in one process.
#ifndef SGPSAM_SERVER_APP_H_
#define SGPSAM_SERVER_APP_H_

#include <memory>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "core/base/clock.h"
#include "core/engine/engine.h"
#include "core/metrics/metrics.h"
#include "server/config.h"

namespace sgpsam {

class App {
 public:
  // Answers /healthz and /metrics, not ready yet: the model may take its time to load. `clock` outlives
  // the app.
  static absl::StatusOr<std::unique_ptr<App>> Start(ServerConfig config, Clock& clock);
  // Drains if that has not been done.
  ~App();

  // Where the engines' owner counts restarts.
  Metrics& metrics();

  // Once: opens the gRPC port and becomes ready. UNAVAILABLE if the address cannot be bound.
  absl::Status Serve(std::vector<std::unique_ptr<Engine>> engines);

  // "grpc=HOST:PORT http=HOST:PORT", with the ports that were picked.
  std::string Addresses() const;
  int grpc_port() const;
  int http_port() const;

  // Not ready at once, the port closes and open connections are told to go (GOAWAY); returns when the running
  // calls have ended, at the latest (then cancelled) after the drain time-out. Idempotent.
  void Drain();

 private:
  struct Parts;
  explicit App(std::unique_ptr<Parts> parts);
  std::unique_ptr<Parts> parts_;
};

}  // namespace sgpsam

#endif  // SGPSAM_SERVER_APP_H_
