#include "core/worker_link/remote_engine.h"

#include <fcntl.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <signal.h>
#include <unistd.h>

#include <cstdio>
#include <filesystem>
#include <fstream>
#include <memory>
#include <string>
#include <thread>
#include <vector>

#include "tests/support/fake_engine.h"

namespace sgpsam {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;

constexpr float kDie = -1, kHang = -2, kRefuse = -3, kLoseReplica = -4, kWrongAnswer = -5, kListFds = -6;

Patch PatchOf(float value) {
  return {std::vector<float>(FakeEngine::TinyModel().sizes.patch_floats(), value)};
}

RemoteEngineOptions Worker(std::vector<std::string> arguments = {}) {
  RemoteEngineOptions options;
  options.worker_binary = SGPSAM_FAKE_WORKER;
  options.arguments = std::move(arguments);
  return options;
}

std::unique_ptr<RemoteEngine> Started(const RemoteEngineOptions& options) {
  auto engine = RemoteEngine::Start(options);
  EXPECT_TRUE(engine.ok()) << engine.status();
  return engine.ok() ? *std::move(engine) : nullptr;
}

absl::Status StatusOfEncoding(Engine& engine, float value) {
  const Patch patch = PatchOf(value);
  return engine.Encode({&patch})[0].status();
}

// A path that does not exist yet and is removed afterwards.
class Marker {
 public:
  Marker() : path_(::testing::TempDir() + "/sgpsam_marker_" + std::to_string(getpid())) {
    std::filesystem::remove(path_);
  }
  ~Marker() { std::filesystem::remove(path_); }
  const std::string& path() const { return path_; }

 private:
  const std::string path_;
};

bool ProcessRuns(pid_t pid) {
  std::ifstream stat("/proc/" + std::to_string(pid) + "/stat");
  std::string number, name, state;
  return stat >> number >> name >> state && state != "Z" && state != "X";
}

TEST(RemoteEngine, TellsWhatTheWorkerServes) {
  const auto engine = Started(Worker());
  const ModelInfo expected = FakeEngine::TinyModel();
  EXPECT_EQ(engine->info().name, expected.name);
  EXPECT_EQ(engine->info().version, expected.version);
  EXPECT_EQ(engine->info().precision, expected.precision);
  EXPECT_EQ(engine->info().device, expected.device);
  EXPECT_EQ(engine->info().weights_digest, expected.weights_digest);
  EXPECT_EQ(engine->info().gate_blocks, expected.gate_blocks);
  EXPECT_EQ(engine->info().sizes.patch, expected.sizes.patch);
  EXPECT_EQ(engine->info().sizes.logits_side, expected.sizes.logits_side);
  EXPECT_TRUE(engine->alive());
}

TEST(RemoteEngine, EncodesAsTheWorkersEngineDoesInBatchesOfAnySize) {
  RemoteEngineOptions options = Worker();
  options.max_batch = 2;
  const auto remote = Started(options);
  FakeEngine local;
  std::vector<Patch> patches;
  std::vector<const Patch*> inputs;
  for (int n = 0; n < 5; ++n) {
    patches.push_back(PatchOf(0));
    for (size_t i = 0; i < patches[n].values.size(); ++i) patches[n].values[i] = n + 0.001f * i;
  }
  for (const Patch& patch : patches) inputs.push_back(&patch);
  const auto expected = local.Encode(inputs);
  const auto results = remote->Encode(inputs);
  ASSERT_EQ(results.size(), 5u);
  for (int n = 0; n < 5; ++n) {
    ASSERT_TRUE(results[n].ok()) << results[n].status();
    EXPECT_EQ(results[n]->values, expected[n]->values);
    EXPECT_EQ(results[n]->gate_scores, expected[n]->gate_scores);
  }
}

TEST(RemoteEngine, DecodesAsTheWorkersEngineDoes) {
  const auto remote = Started(Worker());
  FakeEngine local;
  auto embedding = std::make_shared<Embedding>();
  embedding->values = {3, 1, 4, 1};
  DecodeInput first;
  first.embedding = embedding;
  first.clicks = {{8, 8, 8, true}, {1, 2, 3, false}};
  DecodeInput second = first;
  second.clicks.pop_back();
  second.mask_logits.assign(local.info().sizes.logits_floats(), 0.5f);
  DecodeInput box = first;
  box.clicks.clear();
  box.box = BoxCorners{{2, 3, 4}, {9, 10, 11}};
  const std::vector<const DecodeInput*> inputs = {&first, &second, &box};
  const auto expected = local.Decode(inputs);
  const auto results = remote->Decode(inputs);
  ASSERT_EQ(results.size(), 3u);
  for (int n = 0; n < 3; ++n) {
    ASSERT_TRUE(results[n].ok()) << results[n].status();
    EXPECT_EQ(results[n]->values, expected[n]->values);
    EXPECT_EQ(results[n]->iou_prediction, expected[n]->iou_prediction);
  }
}

TEST(RemoteEngine, RefusesAnInputOfTheWrongSizeAndRunsItsCompanions) {
  const auto engine = Started(Worker());
  const Patch good = PatchOf(5);
  const Patch small = {std::vector<float>(7)};
  const auto results = engine->Encode({&small, &good, &small});
  ASSERT_EQ(results.size(), 3u);
  EXPECT_TRUE(absl::IsInvalidArgument(results[0].status()));
  ASSERT_TRUE(results[1].ok()) << results[1].status();
  EXPECT_EQ(results[1]->values[0], 5);
  EXPECT_TRUE(absl::IsInvalidArgument(results[2].status()));
}

TEST(RemoteEngine, RefusesDecodesThatNoSlotCanHold) {
  const auto engine = Started(Worker());
  auto embedding = std::make_shared<Embedding>();
  embedding->values.resize(engine->info().sizes.embedding_floats());
  DecodeInput nothing;
  DecodeInput no_click;
  no_click.embedding = embedding;
  DecodeInput many_clicks = no_click;
  many_clicks.clicks.resize(kMaxClicks + 1);
  DecodeInput odd_mask = no_click;
  odd_mask.clicks.resize(1);
  odd_mask.mask_logits.resize(3);
  for (const auto& result : engine->Decode({&nothing, &no_click, &many_clicks, &odd_mask})) {
    EXPECT_TRUE(absl::IsInvalidArgument(result.status())) << result.status();
  }
  EXPECT_TRUE(engine->alive());
}

TEST(RemoteEngine, PassesOnTheErrorOfTheWorkersEngine) {
  const auto engine = Started(Worker());
  EXPECT_EQ(StatusOfEncoding(*engine, kRefuse), absl::InvalidArgumentError("this patch is refused"));
  EXPECT_TRUE(StatusOfEncoding(*engine, 1).ok());
}

TEST(RemoteEngine, AnswersUnavailableWhenTheWorkerDiesAndServesAgainAfterARestart) {
  const auto engine = Started(Worker());
  const pid_t first = engine->worker_pid();
  const absl::Status died = StatusOfEncoding(*engine, kDie);
  EXPECT_TRUE(absl::IsUnavailable(died));
  EXPECT_THAT(std::string(died.message()), HasSubstr("killed by signal 9"));
  EXPECT_FALSE(engine->alive());
  EXPECT_TRUE(absl::IsUnavailable(StatusOfEncoding(*engine, 1)));
  ASSERT_TRUE(engine->Restart().ok());
  EXPECT_TRUE(engine->alive());
  EXPECT_NE(engine->worker_pid(), first);
  EXPECT_TRUE(StatusOfEncoding(*engine, 1).ok());
}

TEST(RemoteEngine, KillsAWorkerThatHangs) {
  RemoteEngineOptions options = Worker();
  options.encode_timeout = absl::Milliseconds(50);
  const auto engine = Started(options);
  const pid_t pid = engine->worker_pid();
  const absl::Status hung = StatusOfEncoding(*engine, kHang);
  EXPECT_TRUE(absl::IsUnavailable(hung));
  EXPECT_THAT(std::string(hung.message()), HasSubstr("no answer within 50ms"));
  EXPECT_FALSE(ProcessRuns(pid));
  EXPECT_FALSE(engine->alive());
}

TEST(RemoteEngine, KillsAWorkerThatSaysItsReplicaIsLost) {
  const auto engine = Started(Worker());
  EXPECT_EQ(StatusOfEncoding(*engine, kLoseReplica), absl::UnavailableError("the device is lost"));
  EXPECT_FALSE(engine->alive());
  EXPECT_TRUE(engine->Restart().ok());
}

TEST(RemoteEngine, KillsAWorkerThatAnswersAnotherQuestion) {
  const auto engine = Started(Worker());
  const absl::Status confused = StatusOfEncoding(*engine, kWrongAnswer);
  EXPECT_TRUE(absl::IsUnavailable(confused));
  EXPECT_THAT(std::string(confused.message()), HasSubstr("does not belong to the question"));
  EXPECT_FALSE(engine->alive());
}

TEST(RemoteEngine, NoticesADeathWhileIdle) {
  const auto engine = Started(Worker());
  kill(engine->worker_pid(), SIGKILL);
  while (engine->alive()) std::this_thread::yield();
  EXPECT_TRUE(engine->Restart().ok());
  EXPECT_TRUE(StatusOfEncoding(*engine, 1).ok());
}

TEST(RemoteEngine, SurvivesASignalToTheWholeGroupOfTheServer) {
  const auto engine = Started(Worker());
  EXPECT_NE(getpgid(engine->worker_pid()), getpgid(0));
  kill(engine->worker_pid(), SIGTERM);
  kill(engine->worker_pid(), SIGINT);
  EXPECT_TRUE(StatusOfEncoding(*engine, 1).ok());
}

TEST(RemoteEngine, TellsTheWorkersStartupErrorWordByWord) {
  EXPECT_EQ(RemoteEngine::Start(Worker({"--startup=error"})).status(),
            absl::DataLossError("tensor 'a.b' is missing from W.safetensors"));
}

TEST(RemoteEngine, TellsHowAWorkerEndedThatSaidNothing) {
  const absl::Status status = RemoteEngine::Start(Worker({"--startup=exit"})).status();
  EXPECT_EQ(status, absl::UnavailableError("the worker process exited with status 3"));
}

TEST(RemoteEngine, GivesUpOnAWorkerThatNeverGetsReady) {
  RemoteEngineOptions options = Worker({"--startup=hang"});
  options.start_timeout = absl::Milliseconds(50);
  EXPECT_THAT(std::string(RemoteEngine::Start(options).status().message()),
              HasSubstr("no answer within 50ms"));
}

TEST(RemoteEngine, GivesUpOnAWorkerAtOnceWhenNobodyWaits) {
  StopEvent stop;
  RemoteEngineOptions options = Worker({"--startup=hang"});
  options.start_timeout = absl::InfiniteDuration();
  options.stop = &stop;
  std::thread bored([&] { stop.Set(); });
  EXPECT_TRUE(absl::IsUnavailable(RemoteEngine::Start(options).status()));
  bored.join();
}

TEST(RemoteEngine, KillsAStoppedWorkerInMidBatchWhenNobodyWaits) {
  StopEvent stop;
  RemoteEngineOptions options = Worker();
  options.encode_timeout = absl::InfiniteDuration();
  options.stop = &stop;
  const auto engine = Started(options);
  const pid_t pid = engine->worker_pid();
  ASSERT_EQ(kill(pid, SIGSTOP), 0);  // it neither answers nor notices that its server has gone
  std::thread bored([&] { stop.Set(); });
  EXPECT_TRUE(absl::IsUnavailable(StatusOfEncoding(*engine, 1)));
  bored.join();
  EXPECT_FALSE(ProcessRuns(pid));
  EXPECT_TRUE(absl::IsUnavailable(engine->Restart()));
}

TEST(RemoteEngine, RefusesAWorkerOfAnotherRelease) {
  EXPECT_THAT(std::string(RemoteEngine::Start(Worker({"--startup=version"})).status().message()),
              HasSubstr("different releases"));
}

TEST(RemoteEngine, RefusesAMalformedIntroduction) {
  for (const char* mode : {"garbage", "huge"}) {
    const auto engine = RemoteEngine::Start(Worker({std::string("--startup=") + mode}));
    EXPECT_FALSE(engine.ok()) << mode;
  }
}

TEST(RemoteEngine, SaysWhichProgramCannotBeStarted) {
  RemoteEngineOptions options;
  options.worker_binary = "/nonexistent/sgpsam-worker";
  const absl::Status status = RemoteEngine::Start(options).status();
  EXPECT_TRUE(absl::IsNotFound(status)) << status;
  EXPECT_THAT(std::string(status.message()), HasSubstr("/nonexistent/sgpsam-worker"));
}

TEST(RemoteEngine, RefusesARestartWithAnotherModel) {
  const Marker once;
  const auto engine = Started(Worker({"--once=" + once.path(), "--then=other_model"}));
  EXPECT_TRUE(absl::IsUnavailable(StatusOfEncoding(*engine, kDie)));
  EXPECT_TRUE(absl::IsFailedPrecondition(engine->Restart()));
  EXPECT_FALSE(engine->alive());
}

TEST(RemoteEngine, GivesTheWorkerNothingButStandardStreamsAndTheSocket) {
  const int leak = open("/dev/null", O_RDONLY);  // without O_CLOEXEC, as libraries do
  const auto engine = Started(Worker());
  const absl::Status listed = StatusOfEncoding(*engine, kListFds);
  close(leak);
  // The region's descriptor came over the link.
  EXPECT_THAT(std::string(listed.message()), HasSubstr("3=socket "));
  EXPECT_THAT(std::string(listed.message()), HasSubstr("4=/memfd"));
  EXPECT_THAT(std::string(listed.message()), ::testing::Not(HasSubstr("null")));
  EXPECT_THAT(std::string(listed.message()), ::testing::Not(HasSubstr("5=")));
}

TEST(RemoteEngine, EndsTheWorkerWithItself) {
  auto engine = Started(Worker());
  const pid_t pid = engine->worker_pid();
  engine.reset();
  EXPECT_FALSE(ProcessRuns(pid));
}

TEST(RemoteEngine, LeavesNoOrphanWhenTheServerIsKilled) {
  FILE* server = popen("'" SGPSAM_SHORT_LIVED_SERVER "' '" SGPSAM_FAKE_WORKER "'", "r");
  ASSERT_NE(server, nullptr);
  int pid = 0;
  ASSERT_EQ(std::fscanf(server, "%d", &pid), 1);
  EXPECT_TRUE(ProcessRuns(pid));
  pclose(server);                                      // waits for its death
  while (ProcessRuns(pid)) std::this_thread::yield();  // ctest's limit is the failure
}

}  // namespace
}  // namespace sgpsam
