#include "server/http_endpoint.h"

#include <httplib.h>

#include <chrono>
#include <thread>
#include <utility>

#include "absl/strings/str_cat.h"

namespace sgpsam {
namespace {

constexpr int kThreads = 4;           // a scraper and three probes at once
constexpr int kKeepAliveSeconds = 1;  // an idle connection must not hold a thread for long
constexpr size_t kMaxBody = 1024;     // nobody has anything to send here

// The library's default lets two servers share one port unnoticed.
void FailOnSharedPort(socket_t socket) {
  const int yes = 1;
  setsockopt(socket, SOL_SOCKET, SO_REUSEADDR, &yes, sizeof(yes));
}

}  // namespace

struct HttpEndpoint::State {
  httplib::Server server;
  std::thread thread;
  int port = 0;
};

absl::StatusOr<std::unique_ptr<HttpEndpoint>> HttpEndpoint::Start(const std::string& host, int port,
                                                                  Metrics& metrics,
                                                                  std::function<bool()> ready) {
  auto state = std::make_unique<State>();
  httplib::Server& server = state->server;
  server.new_task_queue = [] { return new httplib::ThreadPool(kThreads); };
  server.set_keep_alive_timeout(kKeepAliveSeconds);
  server.set_socket_options(FailOnSharedPort);
  server.set_payload_max_length(kMaxBody);
  server.Get("/metrics", [&metrics](const httplib::Request&, httplib::Response& response) {
    response.set_content(metrics.Text(), "text/plain; version=0.0.4; charset=utf-8");
  });
  server.Get("/healthz", [](const httplib::Request&, httplib::Response& response) {
    response.set_content("ok\n", "text/plain");
  });
  server.Get("/readyz", [ready = std::move(ready)](const httplib::Request&, httplib::Response& response) {
    const bool is_ready = ready();
    response.status = is_ready ? 200 : 503;
    response.set_content(is_ready ? "ready\n" : "not ready\n", "text/plain");
  });
  if (port == 0) {
    state->port = server.bind_to_any_port(host);
  } else {
    state->port = server.bind_to_port(host, port) ? port : -1;
  }
  if (state->port <= 0) {
    return absl::UnavailableError(
        absl::StrCat("cannot listen on ", host, ":", port, "; choose another --http_listen"));
  }
  state->thread = std::thread([&server] { server.listen_after_bind(); });
  // stop() has no effect before the loop runs.
  while (!server.is_running()) std::this_thread::sleep_for(std::chrono::milliseconds(1));
  return std::unique_ptr<HttpEndpoint>(new HttpEndpoint(std::move(state)));
}

HttpEndpoint::HttpEndpoint(std::unique_ptr<State> state) : state_(std::move(state)) {}

HttpEndpoint::~HttpEndpoint() {
  state_->server.stop();
  state_->thread.join();
}

int HttpEndpoint::port() const { return state_->port; }

}  // namespace sgpsam
