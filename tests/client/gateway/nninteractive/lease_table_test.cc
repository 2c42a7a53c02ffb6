#include "client/gateway/nninteractive/lease_table.h"

#include <gtest/gtest.h>

#include <memory>
#include <string>
#include <thread>
#include <vector>

#include "client/gateway/http/byte_budget.h"
#include "client/gateway/nninteractive/nnia_array.h"
#include "sgpsam/client.h"
#include "tests/support/fake_clock.h"
#include "tests/support/silent_server.h"

namespace sgpsam::gateway {
namespace {

class LeaseTableTest : public ::testing::Test {
 protected:
  static constexpr auto kLook = LeaseTable::Call::kLook, kBeat = LeaseTable::Call::kBeat,
                        kAction = LeaseTable::Call::kAction;

  bool Call(const std::string& token, LeaseTable::Call kind) { return table.Begin(token, kind).ok(); }
  std::string Claim() { return *table.Claim(); }

  FakeClock clock;
  const SilentServer silent;
  const client::Client server = *client::Client::Connect(silent.address());
  ByteBudget budget{uint64_t{1} << 24};
  std::vector<std::weak_ptr<Session>> sessions;
  LeaseTable table{
      {.max_sessions = 2, .idle_timeout = absl::Seconds(600), .liveness_timeout = absl::Seconds(60)},
      clock,
      [this] {
        auto session = std::make_shared<Session>(server, budget, 1000);
        sessions.push_back(session);
        return session;
      }};
};

TEST_F(LeaseTableTest, TokensAreLongAndNeverTheSame) {
  const std::string first = Claim(), second = Claim();
  EXPECT_EQ(first.size(), 32u);
  EXPECT_NE(first, second);
  EXPECT_TRUE(Call(first, kAction));
  for (const std::string& wrong : {std::string(), first.substr(1), std::string(32, '0')}) {
    EXPECT_EQ(table.Begin(wrong, kAction).status().code(), absl::StatusCode::kNotFound);
    EXPECT_EQ(table.Remaining(wrong).status().code(), absl::StatusCode::kNotFound);
  }
}

TEST_F(LeaseTableTest, AreBounded) {
  const std::string first = Claim();
  Claim();
  EXPECT_EQ(table.Claim().status().code(), absl::StatusCode::kResourceExhausted);
  table.Release(first);
  table.Release(first);
  EXPECT_FALSE(Call(first, kAction));
  EXPECT_TRUE(table.Claim().ok());
}

TEST_F(LeaseTableTest, EndWhenNothingIsHeardOfThem) {
  const std::string token = Claim();
  clock.Advance(absl::Seconds(59));
  EXPECT_TRUE(Call(token, kBeat));
  clock.Advance(absl::Seconds(59));
  EXPECT_TRUE(Call(token, kLook));  // a look is no sign of life
  clock.Advance(absl::Seconds(1));
  EXPECT_FALSE(Call(token, kBeat));
}

TEST_F(LeaseTableTest, EndWhenNobodyDoesAnything) {
  const std::string token = Claim();
  for (int minute = 0; minute < 9; ++minute) {
    clock.Advance(absl::Seconds(59));
    EXPECT_TRUE(Call(token, kBeat));
  }
  EXPECT_EQ(*table.Remaining(token), absl::Seconds(600 - 9 * 59));
  EXPECT_TRUE(Call(token, kAction));
  EXPECT_EQ(*table.Remaining(token), absl::Seconds(600));
  for (int minute = 0; minute < 10; ++minute) {
    clock.Advance(absl::Seconds(59));
    EXPECT_TRUE(Call(token, kBeat));
  }
  clock.Advance(absl::Seconds(10));
  EXPECT_FALSE(Call(token, kBeat));
}

TEST_F(LeaseTableTest, DoNotEndWhileACallRuns) {
  const std::string token = Claim();
  {
    const auto use = table.Begin(token, kAction);
    clock.Advance(absl::Hours(1));
    EXPECT_TRUE(table.Remaining(token).ok());
  }
  EXPECT_EQ(*table.Remaining(token), absl::Seconds(600));  // from its end
  clock.Advance(absl::Seconds(59));
  EXPECT_TRUE(Call(token, kBeat));
}

TEST_F(LeaseTableTest, LeaveRoomWhenTheyEnd) {
  Claim();
  Claim();
  clock.Advance(absl::Seconds(60));
  EXPECT_TRUE(table.Claim().ok());
}

// Nobody has to ask for what is over to be freed.
TEST_F(LeaseTableTest, FreeTheirSessionByThemselves) {
  Claim();
  clock.Advance(absl::Seconds(60));
  while (!sessions.front().expired()) {
  }
  const std::string token = Claim();
  table.Release(token);
  EXPECT_TRUE(sessions.back().expired());
}

TEST_F(LeaseTableTest, OutliveTheirReleaseForTheCallThatRuns) {
  const std::string token = Claim();
  {
    const auto use = table.Begin(token, kAction);
    table.Release(token);
    EXPECT_FALSE(sessions.front().expired());
    EXPECT_TRUE(use->session().Reset().ok());
  }
  EXPECT_TRUE(sessions.front().expired());
}

TEST_F(LeaseTableTest, AreRefusedOnceItIsClosed) {
  const std::string token = Claim();
  table.Close();
  EXPECT_FALSE(Call(token, kAction));
  EXPECT_FALSE(table.Claim().ok());
}

// A call that is under way, or comes a moment too late, does not hold up the end.
TEST_F(LeaseTableTest, StopWhatTheirSessionDoesWhenTheyEnd) {
  const std::string image = *PackNnia(std::string(8, '\1'), {1, 2, 2, 2});
  const std::string first = Claim(), second = Claim();
  const auto released = table.Begin(first, kAction), closed = table.Begin(second, kAction);
  std::thread under_way([&] {
    EXPECT_EQ(released->session().SetImage(image, {1, 1, 1}).code(), absl::StatusCode::kCancelled);
  });
  table.Release(first);
  under_way.join();
  EXPECT_EQ(released->session().SetImage(image, {1, 1, 1}).code(), absl::StatusCode::kCancelled);
  table.Close();
  EXPECT_EQ(closed->session().SetImage(image, {1, 1, 1}).code(), absl::StatusCode::kCancelled);
}

}  // namespace
}  // namespace sgpsam::gateway
