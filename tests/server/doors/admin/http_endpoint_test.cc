#include "server/doors/admin/http_endpoint.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <prometheus/collectable.h>
#include <prometheus/metric_family.h>

#include <algorithm>
#include <atomic>
#include <memory>
#include <vector>

#include "absl/synchronization/notification.h"
#include "tests/support/fake_clock.h"
#include "tests/support/http_client.h"

namespace sgpsam {
namespace {

using ::testing::AllOf;
using ::testing::EndsWith;
using ::testing::HasSubstr;
using ::testing::Not;

class HttpEndpointTest : public ::testing::Test {
 protected:
  HttpEndpointTest()
      : endpoint_(*HttpEndpoint::Start(
            "127.0.0.1", 0, metrics_, [this] { return ready_.load(); }, clock_)) {}

  std::string Get(const std::string& path) {
    return HttpExchange(port(), "GET " + path + " HTTP/1.1\r\nHost: x\r\n\r\n");
  }
  int port() const { return endpoint_->port(); }

  FakeClock clock_;  // stands still: what has a time limit ends only when a test advances it
  Metrics metrics_{clock_};
  std::atomic<bool> ready_{true};
  std::unique_ptr<HttpEndpoint> endpoint_;
};

TEST_F(HttpEndpointTest, AnswersItsThreeRoutes) {
  EXPECT_EQ(
      Get("/healthz"),
      "HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\nContent-Length: 3\r\nConnection: close\r\n\r\nok\n");
  EXPECT_THAT(Get("/readyz"), AllOf(HasSubstr(" 200 OK"), EndsWith("\r\n\r\nready\n")));
  ready_ = false;
  EXPECT_THAT(Get("/readyz?verbose"), AllOf(HasSubstr(" 503 "), EndsWith("\r\n\r\nnot ready\n")));
  EXPECT_THAT(Get("/metrics"), AllOf(HasSubstr("Content-Type: text/plain; version=0.0.4"),
                                     HasSubstr("\nsgpsam_requests_in_flight 0\n")));
  EXPECT_EQ(StatusOf(Get("/../../etc/passwd")), 404);
}

TEST_F(HttpEndpointTest, AnswersHeadWithoutTheBody) {
  const std::string answer = HttpExchange(port(), "HEAD /healthz HTTP/1.0\r\n\r\n");
  EXPECT_THAT(answer, AllOf(HasSubstr(" 200 OK"), HasSubstr("Content-Length: 3"), EndsWith("\r\n\r\n")));
}

TEST_F(HttpEndpointTest, RefusesWhatIsNoGetOrNoHttp) {
  EXPECT_EQ(StatusOf(HttpExchange(port(), "POST /metrics HTTP/1.1\r\nContent-Length: 3\r\n\r\nabc")), 405);
  EXPECT_EQ(StatusOf(HttpExchange(port(), "GET /metrics\r\n\r\n")), 400);
  EXPECT_EQ(StatusOf(HttpExchange(port(), "\r\n\r\n")), 400);
  EXPECT_EQ(StatusOf(HttpExchange(port(), std::string("\x16\x03\x01\0\xff\n\n", 7))),
            400);  // TLS, by mistake
  EXPECT_EQ(StatusOf(HttpExchange(port(), "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n")), 400);
}

TEST_F(HttpEndpointTest, ReadsNoBodyHoweverItIsSent) {
  LocalConnection chunked(port());
  chunked.Send("POST /metrics HTTP/1.1\r\nTransfer-Encoding: chunked\r\nContent-Encoding: br\r\n\r\n");
  EXPECT_EQ(StatusOf(chunked.ReadToEnd()), 405);  // before any of the body has come
  const std::string chunk = absl::StrCat("10000\r\n", std::string(0x10000, 'x'), "\r\n");
  while (chunked.Send(chunk)) {
  }  // until the connection is reset: nobody reads it
}

TEST_F(HttpEndpointTest, ReadsNoMoreThanEightKibibytesOfARequest) {
  for (const char* piece : {"x", "a: b\r\n"}) {  // one line without an end, lines without an end
    LocalConnection endless(port());
    endless.Send("GET /metrics HTTP/1.1\r\n");
    std::string lines;
    while (lines.size() < (1 << 16)) lines += piece;
    while (endless.Send(lines)) {
    }
    EXPECT_EQ(StatusOf(Get("/readyz")), 200);
  }
  const std::string head = "GET /metrics HTTP/1.1\r\na: ";
  EXPECT_EQ(StatusOf(HttpExchange(port(), head + std::string(8192 - head.size(), 'x'))), 431);
  EXPECT_EQ(StatusOf(HttpExchange(port(), head + std::string(8192 - head.size() - 4, 'x') + "\r\n\r\n")),
            200);
}

TEST_F(HttpEndpointTest, AnswersOthersWhileManyRequestsAreHalfSent) {
  std::vector<LocalConnection> half_sent;
  for (int n = 0; n < 200; ++n) {
    half_sent.emplace_back(port());
    half_sent.back().Send("GET /metrics HT");
    EXPECT_EQ(StatusOf(Get("/readyz")), 200);
  }
  EXPECT_EQ(half_sent.front().ReadToEnd(), "");  // the oldest made room
}

TEST_F(HttpEndpointTest, GivesARequestFiveSecondsAsAWholeHoweverItDrips) {
  LocalConnection dripping(port());
  for (int second = 0; second < 5; ++second) {
    EXPECT_TRUE(dripping.Send("x"));
    EXPECT_EQ(StatusOf(Get("/readyz")), 200);  // meanwhile; and the endpoint has seen the byte
    clock_.Advance(absl::Seconds(1));
  }
  EXPECT_EQ(StatusOf(Get("/readyz")), 200);
  EXPECT_EQ(dripping.ReadToEnd(), "");  // closed
}

TEST_F(HttpEndpointTest, EndsWhileRequestsAreHalfSent) {
  LocalConnection half_sent(port());
  half_sent.Send("GET /metrics HT");
  endpoint_.reset();
  EXPECT_EQ(half_sent.ReadToEnd(), "");
}

// A driver that does not answer until it is told to.
class HangingSource final : public prometheus::Collectable {
 public:
  struct Hold {
    absl::Notification asked, released;
    std::atomic<int> inside{0}, most_inside{0};
  };

  explicit HangingSource(Hold& hold) : hold_(hold) {}
  std::vector<prometheus::MetricFamily> Collect() const override {
    hold_.most_inside = std::max(hold_.most_inside.load(), ++hold_.inside);
    if (!hold_.asked.HasBeenNotified()) hold_.asked.Notify();
    hold_.released.WaitForNotification();
    --hold_.inside;
    return {};
  }

 private:
  Hold& hold_;
};

TEST_F(HttpEndpointTest, AnswersProbesWhileADriverDoesNotAnswerMetrics) {
  HangingSource::Hold hold;
  metrics_.AddSource(std::make_unique<HangingSource>(hold));
  LocalConnection first(port());
  first.Send("GET /metrics HTTP/1.1\r\n\r\n");
  hold.asked.WaitForNotification();
  EXPECT_EQ(StatusOf(Get("/readyz")), 200);
  EXPECT_EQ(StatusOf(Get("/healthz")), 200);
  LocalConnection second(port());
  second.Send("GET /metrics HTTP/1.1\r\n\r\n");
  EXPECT_EQ(StatusOf(Get("/readyz")), 200);  // the second has been read by now
  metrics_.CountRequest("OK", "dicom");
  metrics_.BatchStarted("cpu");  // nor do those who count wait
  metrics_.BatchEnded("cpu");
  hold.released.Notify();
  const std::string counted = "sgpsam_requests_total{code=\"OK\",kind=\"dicom\"} 1\n";
  EXPECT_THAT(first.ReadToEnd(), AllOf(HasSubstr(" 200 OK"), Not(HasSubstr(counted))));
  EXPECT_THAT(second.ReadToEnd(), AllOf(HasSubstr(" 200 OK"), HasSubstr(counted)));  // asked anew for it
  EXPECT_EQ(hold.most_inside, 1);
}

TEST_F(HttpEndpointTest, ClosesAQuestionForMetricsThatNobodyAnswersForTenSeconds) {
  HangingSource::Hold hold;
  metrics_.AddSource(std::make_unique<HangingSource>(hold));
  LocalConnection scrape(port());
  scrape.Send("GET /metrics HTTP/1.1\r\n\r\n");
  hold.asked.WaitForNotification();
  EXPECT_EQ(StatusOf(Get("/readyz")), 200);
  clock_.Advance(absl::Seconds(11));
  EXPECT_EQ(StatusOf(Get("/readyz")), 200);
  EXPECT_EQ(scrape.ReadToEnd(), "");
  hold.released.Notify();
  EXPECT_THAT(Get("/metrics"), HasSubstr("\nsgpsam_requests_in_flight 0\n"));
}

TEST_F(HttpEndpointTest, RefusesAnAddressThatIsTakenOrUnknown) {
  const auto start = [&](const char* host, int port) {
    return HttpEndpoint::Start(
               host, port, metrics_, [] { return true; }, clock_)
        .status()
        .code();
  };
  EXPECT_EQ(start("127.0.0.1", port()), absl::StatusCode::kUnavailable);
  EXPECT_EQ(start("no.such.host.invalid", 0), absl::StatusCode::kUnavailable);
}

}  // namespace
}  // namespace sgpsam
