#include "client/gateway/http/http_server.h"

#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/thread_pool.hpp>
#include <boost/beast/core/flat_buffer.hpp>
#include <boost/beast/core/tcp_stream.hpp>
#include <boost/beast/http.hpp>
#include <exception>
#include <list>
#include <optional>
#include <thread>
#include <utility>

#include "absl/status/status.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/string_view.h"

namespace sgpsam::gateway {
namespace {

namespace asio = boost::asio;
namespace beast = boost::beast;
namespace http = beast::http;
using asio::ip::tcp;
using Error = boost::system::error_code;

constexpr size_t kReadBytes = 65536;                // what is read at once
constexpr uint64_t kLeastBytesPerSecond = 1 << 20;  // of a body and an answer
constexpr absl::Duration kAcceptPause =
    absl::Milliseconds(100);  // after a refusal by the system: no descriptors

std::string Text(beast::string_view text) { return std::string(text.data(), text.size()); }

HttpHead HeadOf(const http::request<http::string_body>& request) {
  const std::string target = Text(request.target());
  HttpHead head{Text(request.method_string()), target.substr(0, target.find('?')), {}};
  for (const auto& field : request) head.fields.emplace_back(Text(field.name_string()), Text(field.value()));
  return head;
}

HttpAnswer Refusal(int status, absl::string_view detail, HttpFields fields = {}) {
  return {status, "application/json", absl::StrCat("{\"detail\":\"", detail, "\"}"), std::move(fields)};
}

// What was sent is no HTTP, in contrast to a connection that ended or took too long.
bool IsSyntax(Error error) {
  return error.category() == http::make_error_code(http::error::bad_method).category() &&
         error != http::error::end_of_stream && error != http::error::partial_message;
}

// Whatever goes wrong in one request is its own affair.
HttpAnswer AnswerOf(HttpService& service, const HttpHead& head, std::string body) {
  try {
    return service.Answer(head, std::move(body));
  } catch (const std::exception&) {  // out of memory, first of all
    return Refusal(500, "the gateway failed on this request");
  }
}

}  // namespace

class Connection;
using Connections = std::list<std::shared_ptr<Connection>>;  // the oldest first

struct HttpServer::State {
  State(const HttpLimits& l, HttpService& s, ByteBudget& b)
      : limits(l), service(s), budget(b), acceptor(io), pause(io), answering(l.max_connections) {}

  void Accept();
  void Take(tcp::socket socket);
  bool MakeRoom();

  const HttpLimits limits;
  HttpService& service;
  ByteBudget& budget;
  asio::io_context io{1};
  tcp::acceptor acceptor;
  asio::steady_timer pause;
  asio::thread_pool answering;
  Connections connections;  // the I/O thread's
  std::thread thread;
};

// One connection, request after request. All but making an answer happens on the I/O thread.
class Connection : public std::enable_shared_from_this<Connection> {
 public:
  Connection(tcp::socket socket, HttpServer::State& server) : stream_(std::move(socket)), server_(server) {
    buffer_.max_size(server.limits.max_head_bytes + kReadBytes);  // a head is parsed whole
  }

  void ReadHead();
  void Close() { stream_.close(); }  // what is under way ends with an error
  bool waits() const { return waits_; }

 private:
  using Parser = http::request_parser<http::string_body>;

  void OnHead(Error error);
  void Continue();
  void ReadBody();
  void MakeAnswer();
  void Write(HttpAnswer answer, bool keep);
  void OnWritten(bool keep);
  void Discard();
  void End();
  void ExpiresAfter(absl::Duration time) { stream_.expires_after(absl::ToChronoNanoseconds(time)); }
  absl::Duration TransferTime(uint64_t bytes) const {
    return server_.limits.transfer_time + absl::Seconds(bytes / kLeastBytesPerSecond);
  }

  beast::tcp_stream stream_;
  HttpServer::State& server_;
  beast::flat_buffer buffer_;
  std::optional<Parser> parser_;
  http::response<http::string_body> response_;
  HttpHead head_;
  ByteBudget::Grant grant_;  // of the body
  bool waits_ = true;        // for a request, or for the client to close: may go if others come
};

void Connection::ReadHead() {
  waits_ = true;
  head_ = {};
  parser_.emplace();
  parser_->header_limit(static_cast<uint32_t>(server_.limits.max_head_bytes));
  parser_->body_limit(boost::none);  // the service names it, from the head
  ExpiresAfter(server_.limits.head_time);
  http::async_read_header(stream_, buffer_, *parser_,
                          [self = shared_from_this()](Error error, size_t) { self->OnHead(error); });
}

void Connection::OnHead(Error error) {
  waits_ = false;
  if (error == http::error::header_limit || error == http::error::buffer_overflow) {
    return Write(Refusal(431, "the request's header fields are too long"), false);
  }
  if (IsSyntax(error)) return Write(Refusal(400, "this is not an HTTP/1.1 request"), false);
  if (error) return End();
  head_ = HeadOf(parser_->get());
  std::variant<uint64_t, HttpAnswer> admitted = server_.service.Admit(head_);
  if (HttpAnswer* answer = std::get_if<HttpAnswer>(&admitted)) {
    return Write(std::move(*answer), parser_->is_done() && parser_->get().keep_alive());
  }
  const uint64_t limit = std::get<uint64_t>(admitted);
  const uint64_t announced = parser_->content_length() ? *parser_->content_length()
                             : parser_->chunked()      ? limit
                                                       : 0;
  if (announced > limit)
    return Write(Refusal(413, absl::StrCat("the body may have at most ", limit, " bytes")), false);
  std::optional<ByteBudget::Grant> grant = server_.budget.Take(announced);
  if (!grant) {
    return Write(Refusal(503, "the gateway holds too many bytes at the moment; try again later",
                         {{"Retry-After", "10"}}),
                 false);
  }
  grant_ = std::move(*grant);
  parser_->body_limit(limit);
  ExpiresAfter(TransferTime(announced));
  if (beast::iequals(parser_->get()[http::field::expect], "100-continue")) return Continue();
  ReadBody();
}

void Connection::Continue() {
  auto response = std::make_shared<http::response<http::empty_body>>(http::status::continue_, 11);
  http::async_write(stream_, *response, [self = shared_from_this(), response](Error error, size_t) {
    return error ? self->End() : self->ReadBody();
  });
}

void Connection::ReadBody() {
  http::async_read(stream_, buffer_, *parser_, [self = shared_from_this()](Error error, size_t) {
    if (error == http::error::body_limit)
      return self->Write(Refusal(413, "the body has too many bytes"), false);
    if (error) return self->End();
    self->MakeAnswer();
  });
}

void Connection::MakeAnswer() {
  stream_.expires_never();  // the service has clocks of its own
  asio::post(server_.answering, [self = shared_from_this()] {
    HttpAnswer answer = AnswerOf(self->server_.service, self->head_, std::move(self->parser_->get().body()));
    asio::post(self->server_.io, [self, answer = std::move(answer)]() mutable {
      self->Write(std::move(answer), self->parser_->get().keep_alive());
    });
  });
}

// A connection is kept only where all of the request was read.
void Connection::Write(HttpAnswer answer, bool keep) {
  const bool head_only = head_.method == "HEAD";
  grant_.Return();
  response_ = {http::int_to_status(static_cast<unsigned>(answer.status)), 11};
  response_.set(http::field::content_type, answer.content_type);
  for (const auto& [name, value] : answer.fields) response_.set(name, value);
  response_.content_length(answer.body.size());
  response_.keep_alive(keep);
  ExpiresAfter(TransferTime(answer.body.size()));
  if (!head_only) response_.body() = std::move(answer.body);
  http::async_write(stream_, response_, [self = shared_from_this(), keep](Error error, size_t) {
    return error ? self->End() : self->OnWritten(keep);
  });
}

void Connection::OnWritten(bool keep) {
  response_.body() = std::string();
  if (keep) return ReadHead();
  waits_ = true;
  Error ignored;
  stream_.socket().shutdown(tcp::socket::shutdown_send, ignored);
  ExpiresAfter(server_.limits.discard_time);
  Discard();
}

void Connection::Discard() {
  buffer_.clear();
  stream_.async_read_some(buffer_.prepare(kReadBytes), [self = shared_from_this()](Error error, size_t) {
    return error ? self->End() : self->Discard();
  });
}

void Connection::End() {
  Close();
  server_.connections.remove(shared_from_this());
}

void HttpServer::State::Accept() {
  acceptor.async_accept([this](Error error, tcp::socket socket) {
    if (error == asio::error::operation_aborted) return;
    if (!error) {
      Take(std::move(socket));
      return Accept();
    }
    pause.expires_after(absl::ToChronoNanoseconds(kAcceptPause));
    pause.async_wait([this](Error stopped) {
      if (!stopped) Accept();
    });
  });
}

void HttpServer::State::Take(tcp::socket socket) {
  if (connections.size() >= limits.max_connections && !MakeRoom()) return;  // the socket closes
  Error ignored;
  socket.set_option(tcp::no_delay(true), ignored);
  connections.push_back(std::make_shared<Connection>(std::move(socket), *this));
  connections.back()->ReadHead();
}

bool HttpServer::State::MakeRoom() {
  for (const std::shared_ptr<Connection>& connection : connections) {
    if (!connection->waits()) continue;
    connection->Close();
    connections.remove(std::shared_ptr<Connection>(connection));
    return true;
  }
  return false;
}

absl::StatusOr<std::unique_ptr<HttpServer>> HttpServer::Start(const std::string& host, int port,
                                                              const HttpLimits& limits, HttpService& service,
                                                              ByteBudget& budget) {
  auto state = std::make_unique<State>(limits, service, budget);
  Error error;
  tcp::resolver resolver(state->io);
  const auto found = resolver.resolve(host, absl::StrCat(port), tcp::resolver::passive, error);
  if (!error) {
    const tcp::endpoint endpoint = *found.begin();
    state->acceptor.open(endpoint.protocol(), error);
    if (!error) state->acceptor.set_option(tcp::acceptor::reuse_address(true), error);
    if (!error) state->acceptor.bind(endpoint, error);
    if (!error) state->acceptor.listen(asio::socket_base::max_listen_connections, error);
  }
  if (error) return absl::UnavailableError(absl::StrCat("cannot listen on ", host, ":", port));
  state->Accept();
  state->thread = std::thread([raw = state.get()] { raw->io.run(); });
  return std::unique_ptr<HttpServer>(new HttpServer(std::move(state)));
}

HttpServer::HttpServer(std::unique_ptr<State> state) : state_(std::move(state)) {}

HttpServer::~HttpServer() {
  state_->io.stop();
  state_->thread.join();
  state_->answering.join();
  for (const std::shared_ptr<Connection>& connection : state_->connections) connection->Close();
}

int HttpServer::port() const { return state_->acceptor.local_endpoint().port(); }

}  // namespace sgpsam::gateway
