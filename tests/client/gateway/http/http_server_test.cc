#include "client/gateway/http/http_server.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <memory>
#include <string>
#include <thread>
#include <utility>
#include <variant>
#include <vector>

#include "absl/base/thread_annotations.h"
#include "absl/strings/str_cat.h"
#include "absl/synchronization/mutex.h"
#include "absl/synchronization/notification.h"
#include "absl/time/clock.h"
#include "absl/time/time.h"
#include "tests/support/http_client.h"

namespace sgpsam::gateway {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::StartsWith;

// Takes bodies of at most `max_body`; refuses /no from the head; /wait answers once it is told to; else says
// what it got.
class Service : public HttpService {
 public:
  std::variant<uint64_t, HttpAnswer> Admit(const HttpHead& head) override {
    if (head.path == "/no") return HttpAnswer{401, "text/plain", "no\n"};
    return max_body;
  }
  HttpAnswer Answer(const HttpHead& head, std::string body) override {
    {
      absl::MutexLock lock(&mutex);
      bodies.push_back(body);
      ++answering;
    }
    if (head.path == "/wait") go.WaitForNotification();
    if (head.path == "/throw") throw std::bad_alloc();
    return {200, "text/plain", absl::StrCat(head.method, " ", head.path, " ", head.Field("x-meta"), "\n")};
  }

  uint64_t max_body = 100;
  absl::Mutex mutex;
  std::vector<std::string> bodies ABSL_GUARDED_BY(mutex);
  int answering ABSL_GUARDED_BY(mutex) = 0;
  absl::Notification go;
};

class HttpServerTest : public ::testing::Test {
 protected:
  ~HttpServerTest() override {
    if (!service.go.HasBeenNotified()) service.go.Notify();
  }
  void Start() { server = *HttpServer::Start("127.0.0.1", 0, limits, service, budget); }
  std::string Exchange(absl::string_view request) { return HttpExchange(server->port(), request); }
  void AwaitAnswering(int count) {
    absl::MutexLock lock(&service.mutex);
    const auto enough = [this, count]() ABSL_EXCLUSIVE_LOCKS_REQUIRED(service.mutex) {
      return service.answering >= count;
    };
    service.mutex.Await(absl::Condition(&enough));
  }

  HttpLimits limits;
  Service service;
  ByteBudget budget{1000};
  std::unique_ptr<HttpServer> server;
};

constexpr absl::string_view kGet = "GET /a?b=c HTTP/1.1\r\nHost: x\r\nX-META: m\r\nConnection: close\r\n\r\n";

std::string Post(absl::string_view path, size_t announced, absl::string_view body) {
  return absl::StrCat("POST ", path,
                      " HTTP/1.1\r\nHost: x\r\nConnection: close\r\nContent-Length: ", announced, "\r\n\r\n",
                      body);
}

constexpr absl::string_view kChunkedHead =
    "POST /a HTTP/1.1\r\nHost: x\r\nConnection: close\r\nTransfer-Encoding: chunked\r\n\r\n";

TEST_F(HttpServerTest, GivesHeadAndBodyToTheServiceAndItsAnswerBack) {
  Start();
  EXPECT_THAT(Exchange(kGet), AllOf(StartsWith("HTTP/1.1 200 OK\r\n"), HasSubstr("\r\n\r\nGET /a m\n")));
  EXPECT_EQ(StatusOf(Exchange(Post("/a", 5, "hello"))), 200);
  EXPECT_EQ(StatusOf(Exchange(absl::StrCat(kChunkedHead, "3\r\nhel\r\n2\r\nlo\r\n0\r\n\r\n"))), 200);
  absl::MutexLock lock(&service.mutex);
  EXPECT_THAT(service.bodies, ElementsAre("", "hello", "hello"));
  EXPECT_EQ(budget.taken(), 0u);
}

TEST_F(HttpServerTest, AnswersRequestAfterRequestOnOneConnection) {
  Start();
  LocalConnection connection(server->port());
  connection.Send(
      "GET /1 HTTP/1.1\r\nHost: x\r\n\r\nPOST /2 HTTP/1.1\r\nHost: x\r\nContent-Length: 1\r\n\r\nb");
  connection.Send(kGet);
  const std::string answers = connection.ReadToEnd();
  EXPECT_THAT(answers, AllOf(HasSubstr("GET /1"), HasSubstr("POST /2"), HasSubstr("GET /a m")));
}

TEST_F(HttpServerTest, RefusesABodyThatIsTooLargeBeforeItIsSent) {
  Start();
  EXPECT_EQ(StatusOf(Exchange(Post("/a", 101, ""))), 413);
  EXPECT_EQ(StatusOf(Exchange(Post("/a", 100, std::string(100, 'x')))), 200);
}

TEST_F(HttpServerTest, EndsAChunkedBodyThatGrowsTooLarge) {
  Start();
  EXPECT_EQ(StatusOf(Exchange(absl::StrCat(kChunkedHead, "64\r\n", std::string(100, 'x'), "\r\n1\r\n"))),
            413);
  EXPECT_EQ(StatusOf(Exchange(absl::StrCat(kChunkedHead, "7fffffffffffffff\r\nx"))), 413);
  EXPECT_EQ(budget.taken(), 0u);
}

TEST_F(HttpServerTest, RefusesBodiesThatTogetherAreTooMany) {
  Start();
  service.max_body = 600;
  LocalConnection half(server->port());
  half.Send(Post("/wait", 600, std::string(600, 'x')));
  AwaitAnswering(1);
  EXPECT_THAT(Exchange(Post("/a", 401, "")), AllOf(StartsWith("HTTP/1.1 503"), HasSubstr("Retry-After: 10")));
  EXPECT_EQ(StatusOf(Exchange(Post("/a", 400, std::string(400, 'x')))), 200);
  service.go.Notify();
  EXPECT_EQ(StatusOf(half.ReadToEnd()), 200);
  EXPECT_EQ(budget.taken(), 0u);
}

TEST_F(HttpServerTest, SaysThatAHeadIsTooLong) {
  Start();
  const std::string line(2 * limits.max_head_bytes, 'x');
  EXPECT_EQ(StatusOf(Exchange(absl::StrCat("GET /", line, " HTTP/1.1\r\n\r\n"))), 431);
  EXPECT_EQ(StatusOf(Exchange(absl::StrCat("GET / HTTP/1.1\r\nX: ", line, "\r\n\r\n"))), 431);
}

TEST_F(HttpServerTest, SaysWhatIsNoRequest) {
  Start();
  for (const absl::string_view wrong :
       {"hello\r\n\r\n", "GET / HTTP/9\r\n\r\n", "GET / HTTP/1.1\r\nContent-Length: -1\r\n\r\n",
        "GET / HTTP/1.1\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\n"}) {
    EXPECT_EQ(StatusOf(Exchange(wrong)), 400) << wrong;
  }
}

TEST_F(HttpServerTest, EndsAConnectionThatSaysNothing) {
  limits.head_time = absl::Milliseconds(50);
  Start();
  LocalConnection connection(server->port());
  EXPECT_EQ(connection.ReadToEnd(), "");
}

// Each line would start a clock for silence anew.
TEST_F(HttpServerTest, EndsAHeadThatGoesOnAndOn) {
  limits.head_time = absl::Milliseconds(100);
  limits.max_head_bytes = size_t{1} << 30;
  Start();
  LocalConnection connection(server->port());
  connection.Send("GET / HTTP/1.1\r\n");
  while (connection.Send("X: y\r\n")) {
  }
  EXPECT_EQ(connection.ReadToEnd(), "");
}

TEST_F(HttpServerTest, EndsABodyThatDoesNotCome) {
  limits.transfer_time = absl::Milliseconds(50);
  Start();
  EXPECT_EQ(Exchange(Post("/a", 10, "half")), "");
  // The client sees the end before the server has given its bytes back.
  const absl::Time deadline = absl::Now() + absl::Seconds(30);
  while (budget.taken() > 0 && absl::Now() < deadline) std::this_thread::yield();
  EXPECT_EQ(budget.taken(), 0u);
}

TEST_F(HttpServerTest, EndsABodyThatGoesOnAndOn) {
  limits.transfer_time = absl::Milliseconds(100);
  service.max_body = 1000;
  Start();
  service.max_body = 800000;  // less than a second's worth
  ByteBudget large(uint64_t{1} << 30);
  const auto patient = *HttpServer::Start("127.0.0.1", 0, limits, service, large);
  LocalConnection connection(patient->port());
  connection.Send(kChunkedHead);
  int sent = 0;
  while (sent < 700000 && connection.Send("1\r\nx\r\n")) ++sent;
  EXPECT_EQ(connection.ReadToEnd(), "");
  EXPECT_EQ(large.taken(), 0u);
}

TEST_F(HttpServerTest, GivesTheOldestWaitingConnectionsPlaceToANewOne) {
  limits.max_connections = 2;
  Start();
  LocalConnection first(server->port()), second(server->port());
  first.Send("GET / HT");
  second.Send("GET /second HTTP/1.1\r\nHost: x\r\n");
  EXPECT_EQ(StatusOf(Exchange(kGet)), 200);
  EXPECT_EQ(first.ReadToEnd(), "");
  second.Send("Connection: close\r\n\r\n");
  EXPECT_EQ(StatusOf(second.ReadToEnd()), 200);
}

TEST_F(HttpServerTest, KeepsConnectionsThatAreBeingAnswered) {
  limits.max_connections = 2;
  Start();
  LocalConnection first(server->port()), second(server->port());
  first.Send(Post("/wait", 0, ""));
  second.Send(Post("/wait", 0, ""));
  AwaitAnswering(2);
  EXPECT_EQ(Exchange(kGet), "");
  service.go.Notify();
  EXPECT_EQ(StatusOf(first.ReadToEnd()), 200);
  EXPECT_EQ(StatusOf(second.ReadToEnd()), 200);
  EXPECT_EQ(StatusOf(Exchange(kGet)), 200);
}

TEST_F(HttpServerTest, AnswersOthersWhileOneTakesItsTime) {
  Start();
  LocalConnection slow(server->port()), half(server->port());
  slow.Send(Post("/wait", 0, ""));
  half.Send(Post("/a", 10, "half"));
  AwaitAnswering(1);
  EXPECT_EQ(StatusOf(Exchange(kGet)), 200);
}

// Closing under what is still being sent would take the answer from clients of some systems.
TEST_F(HttpServerTest, ReadsAwayTheBodyOfARefusal) {
  Start();
  const std::string body(size_t{16} << 20, 'x');
  for (const absl::string_view path : {"/no", "/a"}) {
    LocalConnection connection(server->port());
    EXPECT_TRUE(connection.Send(Post(path, body.size(), body))) << path;
    EXPECT_EQ(StatusOf(connection.ReadToEnd()), path == "/no" ? 401 : 413);
  }
}

TEST_F(HttpServerTest, TellsAClientThatAsksToGoOn) {
  Start();
  LocalConnection connection(server->port());
  connection.Send(
      "POST /a HTTP/1.1\r\nHost: x\r\nConnection: close\r\nContent-Length: 2\r\nExpect: "
      "100-continue\r\n\r\n");
  connection.Send("hi");
  EXPECT_THAT(connection.ReadToEnd(),
              AllOf(StartsWith("HTTP/1.1 100 Continue\r\n\r\n"), HasSubstr("HTTP/1.1 200 OK")));
}

TEST_F(HttpServerTest, OutlivesARequestThatFails) {
  Start();
  EXPECT_EQ(StatusOf(Exchange(Post("/throw", 0, ""))), 500);
  EXPECT_EQ(StatusOf(Exchange(kGet)), 200);
}

TEST_F(HttpServerTest, EndsWhileConnectionsAreOpen) {
  Start();
  LocalConnection idle(server->port()), slow(server->port());
  slow.Send(Post("/wait", 0, ""));
  AwaitAnswering(1);
  service.go.Notify();
  server.reset();
  EXPECT_EQ(idle.ReadToEnd(), "");
}

TEST_F(HttpServerTest, SaysThatAnAddressIsTaken) {
  Start();
  EXPECT_EQ(HttpServer::Start("127.0.0.1", server->port(), limits, service, budget).status().code(),
            absl::StatusCode::kUnavailable);
}

TEST(ByteBudget, GivesBackWhatItGranted) {
  ByteBudget budget(10);
  {
    const auto six = budget.Take(6);
    ASSERT_TRUE(six.has_value());
    EXPECT_FALSE(budget.Take(5).has_value());
    EXPECT_FALSE(budget.Take(UINT64_MAX).has_value());
    const auto four = budget.Take(4);
    EXPECT_TRUE(four.has_value());
    EXPECT_EQ(budget.taken(), 10u);
  }
  EXPECT_EQ(budget.taken(), 0u);
  ByteBudget::Grant kept = *budget.Take(3);
  kept = *budget.Take(4);
  EXPECT_EQ(budget.taken(), 4u);
}

}  // namespace
}  // namespace sgpsam::gateway
