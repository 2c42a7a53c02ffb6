#include "server/doors/admin/http_endpoint.h"

#include <netdb.h>
#include <netinet/in.h>
#include <poll.h>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <deque>
#include <thread>
#include <utility>
#include <vector>

#include "absl/base/thread_annotations.h"
#include "absl/status/status.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "absl/strings/string_view.h"
#include "absl/synchronization/mutex.h"
#include "absl/time/time.h"
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
  int collection = 0;      // the one whose text it waits for; 0: none
  bool head_only = false;  // HEAD
  std::string answer;      // empty until the request is complete and, for /metrics, its text collected
  size_t sent = 0;
};

// Collects the text of /metrics on a thread of its own, because what it asks may take its time. One text at a
// time: Begin, the descriptor becomes readable, Take.
class Collector {
 public:
  explicit Collector(Metrics& metrics) : metrics_(metrics), done_(eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC)) {}
  ~Collector();

  void Start() {
    thread_ = std::thread([this] { Loop(); });
  }
  void Begin();
  int fd() const { return done_.get(); }
  std::string Take();

 private:
  void Loop();

  Metrics& metrics_;
  UniqueFd done_;
  absl::Mutex mutex_;
  bool asked_ ABSL_GUARDED_BY(mutex_) = false;
  bool ends_ ABSL_GUARDED_BY(mutex_) = false;
  std::string text_ ABSL_GUARDED_BY(mutex_);
  std::thread thread_;
};

Collector::~Collector() {
  {
    absl::MutexLock lock(&mutex_);
    ends_ = true;
  }
  if (thread_.joinable()) thread_.join();
}

void Collector::Begin() {
  absl::MutexLock lock(&mutex_);
  asked_ = true;
}

std::string Collector::Take() {
  eventfd_t count = 0;
  eventfd_read(done_.get(), &count);
  absl::MutexLock lock(&mutex_);
  return std::move(text_);
}

void Collector::Loop() {
  while (true) {
    {
      absl::MutexLock lock(&mutex_);
      const auto wanted = [this]() ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_) { return asked_ || ends_; };
      mutex_.Await(absl::Condition(&wanted));
      if (ends_) return;
      asked_ = false;
    }
    std::string text = metrics_.Text();
    {
      absl::MutexLock lock(&mutex_);
      text_ = std::move(text);
    }
    eventfd_write(done_.get(), 1);
  }
}

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

void SetAnswer(Connection& connection, std::string answer) {
  if (connection.head_only) answer.resize(answer.find("\r\n\r\n") + 4);
  connection.answer = std::move(answer);
}

}  // namespace

struct HttpEndpoint::State {
  State(Metrics& metrics, std::function<bool()> ready, Clock& clock)
      : ready(std::move(ready)), clock(clock), collector(metrics) {}

  void Loop();
  void Accept();
  std::vector<pollfd> Polled() const;
  int PollTimeoutMs() const;
  // All three: false once the connection is to be closed.
  bool Proceed(Connection& connection);
  bool Receive(Connection& connection);
  bool Send(Connection& connection);
  // The answer, or what it waits for.
  void TakeRequest(Connection& connection);
  std::string AnswerProbe(absl::string_view path) const;
  int AskForMetrics();
  void AnswerMetrics();

  const std::function<bool()> ready;
  Clock& clock;
  UniqueFd listener;
  StopEvent stop;
  std::thread thread;

  // The thread's own.
  std::deque<Connection> connections;  // the oldest first
  absl::Time accepts_from = absl::InfinitePast();
  int begun = 0, collected = 0;  // collections, counted from 1
  int wanted = 0;                // the last one that is waited for

  Collector collector;
};

void HttpEndpoint::State::Loop() {
  while (!stop.IsSet()) {
    std::vector<pollfd> polled = Polled();
    if (poll(polled.data(), polled.size(), PollTimeoutMs()) < 0) continue;  // a signal
    const absl::Time now = clock.Now();
    for (size_t n = 0; n < connections.size(); ++n) {
      Connection& connection = connections[n];
      const bool open = now < connection.until && (polled[n + 3].revents == 0 || Proceed(connection));
      if (!open) connection.socket.Close();
    }
    connections.erase(std::remove_if(connections.begin(), connections.end(),
                                     [](const Connection& connection) { return !connection.socket.valid(); }),
                      connections.end());
    if (polled[2].revents != 0) AnswerMetrics();
    if (polled[1].revents != 0) Accept();
  }
}

std::vector<pollfd> HttpEndpoint::State::Polled() const {
  const bool accepts = clock.Now() >= accepts_from;
  std::vector<pollfd> polled = {
      {stop.fd(), POLLIN, 0}, {accepts ? listener.get() : -1, POLLIN, 0}, {collector.fd(), POLLIN, 0}};
  for (const Connection& connection : connections) {
    const int event = connection.collection != 0 ? 0 : connection.answer.empty() ? POLLIN : POLLOUT;
    polled.push_back({connection.socket.get(), static_cast<short>(event), 0});
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
  if (connection.collection != 0) return false;  // asked for nothing but how it ends: it has
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
    TakeRequest(connection);
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

void HttpEndpoint::State::TakeRequest(Connection& connection) {
  const absl::string_view head = connection.received;
  const std::vector<absl::string_view> words =
      absl::StrSplit(head.substr(0, head.find_first_of("\r\n")), absl::ByChar(' '));
  if (words.size() != 3 || !absl::StartsWith(words[2], "HTTP/1.")) {
    connection.answer = Answer("400 Bad Request", "bad request\n");
    return;
  }
  if (words[0] != "GET" && words[0] != "HEAD") {
    connection.answer = Answer("405 Method Not Allowed", "only GET is answered\n");
    return;
  }
  connection.head_only = words[0] == "HEAD";
  const absl::string_view path = words[1].substr(0, words[1].find('?'));
  if (path == "/metrics") {
    connection.collection = AskForMetrics();
  } else {
    SetAnswer(connection, AnswerProbe(path));
  }
}

std::string HttpEndpoint::State::AnswerProbe(absl::string_view path) const {
  if (path == "/healthz") return Answer("200 OK", "ok\n");
  if (path != "/readyz") return Answer("404 Not Found", "there are /metrics, /healthz and /readyz\n");
  return ready() ? Answer("200 OK", "ready\n") : Answer("503 Service Unavailable", "not ready\n");
}

// The collection that begins after the question: one that is under way may have passed what is asked about.
int HttpEndpoint::State::AskForMetrics() {
  wanted = begun + 1;
  if (begun != collected) return wanted;
  collector.Begin();
  return ++begun;
}

void HttpEndpoint::State::AnswerMetrics() {
  const std::string answer = Answer("200 OK", collector.Take(), "text/plain; version=0.0.4; charset=utf-8");
  ++collected;
  for (Connection& connection : connections) {
    if (connection.collection != collected) continue;
    connection.collection = 0;
    connection.until = clock.Now() + kAnswerTime;
    SetAnswer(connection, answer);
  }
  if (wanted > collected) AskForMetrics();
}

absl::StatusOr<std::unique_ptr<HttpEndpoint>> HttpEndpoint::Start(const std::string& host, int port,
                                                                  Metrics& metrics,
                                                                  std::function<bool()> ready, Clock& clock) {
  auto state = std::make_unique<State>(metrics, std::move(ready), clock);
  ASSIGN_OR_RETURN(state->listener, Listen(host, port));
  state->collector.Start();
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
