#include "server/http_endpoint.h"

#include <netdb.h>
#include <netinet/in.h>
#include <poll.h>
#include <sys/socket.h>

#include <algorithm>
#include <cerrno>
#include <deque>
#include <optional>
#include <thread>
#include <utility>
#include <vector>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "core/base/status_macros.h"
#include "core/base/stop_event.h"
#include "core/worker_link/unique_fd.h"

namespace sgpsam {
namespace {

constexpr size_t kMaxConnections = 64;     // one more, and the oldest makes room
constexpr size_t kMaxRequestBytes = 8192;  // the request line and all headers; a body is not read
constexpr absl::Duration kRequestTime = absl::Seconds(5);  // from the connection to the request's last header
constexpr absl::Duration kAnswerTime = absl::Seconds(10);  // until the answer is taken
constexpr absl::Duration kAcceptPause =
    absl::Milliseconds(100);  // after a refusal by the system: no descriptors

struct Connection {
  UniqueFd socket;
  absl::Time until;  // closed then, whatever it does
  std::string received;
  std::string answer;  // empty until the request is complete
  size_t sent = 0;
};

absl::StatusOr<UniqueFd> Listen(const std::string& host, int port) {
  addrinfo hints = {};
  hints.ai_socktype = SOCK_STREAM;
  hints.ai_flags = AI_PASSIVE | AI_NUMERICSERV;
  addrinfo* addresses = nullptr;
  UniqueFd listener;
  if (getaddrinfo(host.c_str(), absl::StrCat(port).c_str(), &hints, &addresses) == 0) {
    for (const addrinfo* at = addresses; at != nullptr && !listener.valid(); at = at->ai_next) {
      UniqueFd fd(socket(at->ai_family, at->ai_socktype | SOCK_NONBLOCK | SOCK_CLOEXEC, at->ai_protocol));
      const int yes = 1;  // no SO_REUSEPORT: two servers must not share one port unnoticed
      setsockopt(fd.get(), SOL_SOCKET, SO_REUSEADDR, &yes, sizeof(yes));
      if (bind(fd.get(), at->ai_addr, at->ai_addrlen) == 0 && listen(fd.get(), SOMAXCONN) == 0) {
        listener = std::move(fd);
      }
    }
    freeaddrinfo(addresses);
  }
  if (listener.valid()) return listener;
  return absl::UnavailableError(
      absl::StrCat("cannot listen on ", host, ":", port, "; choose another --http_listen"));
}

int PortOf(int socket) {
  sockaddr_storage address = {};
  socklen_t size = sizeof(address);
  getsockname(socket, reinterpret_cast<sockaddr*>(&address), &size);
  const in_port_t port = address.ss_family == AF_INET6 ? reinterpret_cast<sockaddr_in6*>(&address)->sin6_port
                                                       : reinterpret_cast<sockaddr_in*>(&address)->sin_port;
  return ntohs(port);
}

std::string Answer(absl::string_view status, absl::string_view body, absl::string_view type = "text/plain") {
  return absl::StrCat("HTTP/1.1 ", status, "\r\nContent-Type: ", type, "\r\nContent-Length: ", body.size(),
                      "\r\nConnection: close\r\n\r\n", body);
}

bool HeadIsComplete(absl::string_view received) {
  return absl::StrContains(received, "\r\n\r\n") || absl::StrContains(received, "\n\n");
}

}  // namespace

struct HttpEndpoint::State {
  State(Metrics& metrics, std::function<bool()> ready, Clock& clock)
      : metrics(metrics), ready(std::move(ready)), clock(clock) {}

  void Loop();
  void Accept();
  std::vector<pollfd> Polled() const;
  int PollTimeoutMs() const;
  // All three: false once the connection is to be closed.
  bool Proceed(Connection& connection);
  bool Receive(Connection& connection);
  bool Send(Connection& connection);
  std::string AnswerRequest(absl::string_view head);
  std::string AnswerGet(absl::string_view path);

  Metrics& metrics;
  const std::function<bool()> ready;
  Clock& clock;
  UniqueFd listener;
  StopEvent stop;
  std::thread thread;

  // The thread's own.
  std::deque<Connection> connections;  // the oldest first
  absl::Time accepts_from = absl::InfinitePast();
};

void HttpEndpoint::State::Loop() {
  while (!stop.IsSet()) {
    std::vector<pollfd> polled = Polled();
    if (poll(polled.data(), polled.size(), PollTimeoutMs()) < 0) continue;  // a signal
    const absl::Time now = clock.Now();
    for (size_t n = 0; n < connections.size(); ++n) {
      Connection& connection = connections[n];
      const bool open = now < connection.until && (polled[n + 2].revents == 0 || Proceed(connection));
      if (!open) connection.socket.Close();
    }
    connections.erase(std::remove_if(connections.begin(), connections.end(),
                                     [](const Connection& connection) { return !connection.socket.valid(); }),
                      connections.end());
    if (polled[1].revents != 0) Accept();
  }
}

std::vector<pollfd> HttpEndpoint::State::Polled() const {
  const bool accepts = clock.Now() >= accepts_from;
  std::vector<pollfd> polled = {{stop.fd(), POLLIN, 0}, {accepts ? listener.get() : -1, POLLIN, 0}};
  for (const Connection& connection : connections) {
    polled.push_back(
        {connection.socket.get(), static_cast<short>(connection.answer.empty() ? POLLIN : POLLOUT), 0});
  }
  return polled;
}

int HttpEndpoint::State::PollTimeoutMs() const {
  const absl::Time now = clock.Now();
  absl::Time wake = now < accepts_from ? accepts_from : absl::InfiniteFuture();
  for (const Connection& connection : connections) wake = std::min(wake, connection.until);
  if (wake == absl::InfiniteFuture()) return -1;
  return static_cast<int>(absl::ToInt64Milliseconds(std::max(wake - now, absl::ZeroDuration()))) + 1;
}

void HttpEndpoint::State::Accept() {
  UniqueFd socket(accept4(listener.get(), nullptr, nullptr, SOCK_NONBLOCK | SOCK_CLOEXEC));
  if (!socket.valid()) {
    if (errno == EMFILE || errno == ENFILE || errno == ENOBUFS || errno == ENOMEM) {
      accepts_from = clock.Now() + kAcceptPause;
    }
    return;
  }
  if (connections.size() >= kMaxConnections) connections.pop_front();
  Connection connection;
  connection.socket = std::move(socket);
  connection.until = clock.Now() + kRequestTime;
  connections.push_back(std::move(connection));
}

bool HttpEndpoint::State::Proceed(Connection& connection) {
  if (connection.answer.empty() && !Receive(connection)) return false;
  return connection.answer.empty() || Send(connection);
}

bool HttpEndpoint::State::Receive(Connection& connection) {
  char bytes[kMaxRequestBytes];
  const size_t room = kMaxRequestBytes - connection.received.size();
  const ssize_t size = recv(connection.socket.get(), bytes, room, 0);
  if (size < 0) return errno == EAGAIN || errno == EINTR;
  if (size == 0) return false;
  connection.received.append(bytes, static_cast<size_t>(size));
  if (HeadIsComplete(connection.received)) {
    connection.answer = AnswerRequest(connection.received);
  } else if (connection.received.size() == kMaxRequestBytes) {
    connection.answer = Answer("431 Request Header Fields Too Large", "the request is too long\n");
  } else {
    return true;
  }
  connection.until = clock.Now() + kAnswerTime;
  return true;
}

bool HttpEndpoint::State::Send(Connection& connection) {
  const absl::string_view rest = absl::string_view(connection.answer).substr(connection.sent);
  const ssize_t size = send(connection.socket.get(), rest.data(), rest.size(), MSG_NOSIGNAL);
  if (size < 0) return errno == EAGAIN || errno == EINTR;
  connection.sent += static_cast<size_t>(size);
  return connection.sent < connection.answer.size();
}

std::string HttpEndpoint::State::AnswerRequest(absl::string_view head) {
  const std::vector<absl::string_view> words =
      absl::StrSplit(head.substr(0, head.find_first_of("\r\n")), absl::ByChar(' '));
  if (words.size() != 3 || !absl::StartsWith(words[2], "HTTP/1."))
    return Answer("400 Bad Request", "bad request\n");
  if (words[0] != "GET" && words[0] != "HEAD")
    return Answer("405 Method Not Allowed", "only GET is answered\n");
  std::string answer = AnswerGet(words[1].substr(0, words[1].find('?')));
  if (words[0] == "HEAD") answer.resize(answer.find("\r\n\r\n") + 4);
  return answer;
}

std::string HttpEndpoint::State::AnswerGet(absl::string_view path) {
  if (path == "/metrics") return Answer("200 OK", metrics.Text(), "text/plain; version=0.0.4; charset=utf-8");
  if (path == "/healthz") return Answer("200 OK", "ok\n");
  if (path != "/readyz") return Answer("404 Not Found", "there are /metrics, /healthz and /readyz\n");
  return ready() ? Answer("200 OK", "ready\n") : Answer("503 Service Unavailable", "not ready\n");
}

absl::StatusOr<std::unique_ptr<HttpEndpoint>> HttpEndpoint::Start(const std::string& host, int port,
                                                                  Metrics& metrics,
                                                                  std::function<bool()> ready, Clock& clock) {
  auto state = std::make_unique<State>(metrics, std::move(ready), clock);
  ASSIGN_OR_RETURN(state->listener, Listen(host, port));
  state->thread = std::thread([raw = state.get()] { raw->Loop(); });
  return std::unique_ptr<HttpEndpoint>(new HttpEndpoint(std::move(state)));
}

HttpEndpoint::HttpEndpoint(std::unique_ptr<State> state) : state_(std::move(state)) {}

HttpEndpoint::~HttpEndpoint() {
  state_->stop.Set();
  state_->thread.join();
}

int HttpEndpoint::port() const { return PortOf(state_->listener.get()); }

}  // namespace sgpsam
