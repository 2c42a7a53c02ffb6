// Pool and link together, with real processes that are killed: what a caller sees of it.
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <signal.h>
#include <unistd.h>

#include <atomic>
#include <filesystem>
#include <memory>
#include <string>
#include <thread>
#include <vector>

#include "core/batching/worker_pool.h"
#include "core/worker_link/remote_engine.h"
#include "tests/support/fake_engine.h"

namespace sgpsam {
namespace {

using ::testing::HasSubstr;

constexpr float kDie = -1, kHang = -2;

Patch PatchOf(float value) {
  return {std::vector<float>(FakeEngine::TinyModel().sizes.patch_floats(), value)};
}

class PoolOfWorkersTest : public ::testing::Test {
 protected:
  PoolOfWorkersTest() : marker_(::testing::TempDir() + "/sgpsam_pool_" + std::to_string(getpid())) {
    std::filesystem::remove(marker_);
  }
  ~PoolOfWorkersTest() override { std::filesystem::remove(marker_); }

  void GivenWorkers(int count, std::vector<std::string> arguments = {},
                    absl::Duration encode_timeout = absl::Minutes(1)) {
    RemoteEngineOptions options;
    options.worker_binary = SGPSAM_FAKE_WORKER;
    options.arguments = std::move(arguments);
    options.encode_timeout = encode_timeout;
    std::vector<std::unique_ptr<Engine>> engines;
    for (int i = 0; i < count; ++i) {
      auto engine = RemoteEngine::Start(options);
      ASSERT_TRUE(engine.ok()) << engine.status();
      workers_.push_back(engine->get());
      engines.push_back(*std::move(engine));
    }
    pool_ = std::make_unique<WorkerPool>(std::move(engines), WorkerPoolOptions(), Clock::Real(), metrics_);
  }

  Metrics metrics_{Clock::Real()};
  std::vector<RemoteEngine*> workers_;
  const std::string marker_;
  std::unique_ptr<WorkerPool> pool_;
};

TEST_F(PoolOfWorkersTest, HidesAWorkersDeathFromTheCaller) {
  GivenWorkers(1, {"--once=" + marker_});
  const auto result = pool_->Encode(PatchOf(kDie), {});
  ASSERT_TRUE(result.ok()) << result.status();
  EXPECT_EQ(result->output.values[0], kDie);
  EXPECT_THAT(metrics_.Text(), HasSubstr("sgpsam_worker_restarts_total{device=\"cpu\"} 1"));
}

TEST_F(PoolOfWorkersTest, RefusesAnInputThatKillsEveryWorkerAndServesOn) {
  GivenWorkers(2);
  const auto killer = pool_->Encode(PatchOf(kDie), {});
  EXPECT_EQ(killer.status().code(), absl::StatusCode::kInternal);
  EXPECT_THAT(std::string(killer.status().message()), HasSubstr("killed by signal 9"));
  EXPECT_TRUE(pool_->Encode(PatchOf(1), {}).ok());
}

TEST_F(PoolOfWorkersTest, RefusesAnInputThatHangsEveryWorkerAndServesOn) {
  GivenWorkers(1, {}, absl::Milliseconds(500));
  const auto hanger = pool_->Encode(PatchOf(kHang), {});
  EXPECT_EQ(hanger.status().code(), absl::StatusCode::kInternal);
  EXPECT_THAT(std::string(hanger.status().message()), HasSubstr("no answer within 500ms"));
  EXPECT_TRUE(pool_->Encode(PatchOf(1), {}).ok());
}

TEST_F(PoolOfWorkersTest, ReplacesAnIdleWorkerBeforeAnybodyAsks) {
  GivenWorkers(1);
  const std::string none = "sgpsam_worker_restarts_total{device=\"cpu\"} 0";
  EXPECT_THAT(metrics_.Text(), HasSubstr(none));
  kill(workers_[0]->worker_pid(), SIGKILL);
  while (metrics_.Text().find(none) != std::string::npos) std::this_thread::yield();
  while (!pool_->healthy()) std::this_thread::yield();
  EXPECT_TRUE(pool_->Encode(PatchOf(1), {}).ok());
}

TEST_F(PoolOfWorkersTest, LosesNoRequestOfManyCallersWhenWorkersAreKilled) {
  GivenWorkers(2, {"--once=" + marker_});
  std::atomic<int> wrong{0};
  std::vector<std::thread> callers;
  for (int caller = 0; caller < 4; ++caller) {
    callers.emplace_back([&, caller] {
      for (int i = 0; i < 50; ++i) {
        // One caller's patch kills one worker, in the middle of everybody's traffic.
        const float value = caller == 0 && i == 10 ? kDie : static_cast<float>(caller * 1000 + i);
        const auto result = pool_->Encode(PatchOf(value), {});
        if (!result.ok() || result->output.values[0] != value) ++wrong;
      }
    });
  }
  for (std::thread& caller : callers) caller.join();
  EXPECT_EQ(wrong, 0);
}

}  // namespace
}  // namespace sgpsam
