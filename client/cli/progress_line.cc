#include "client/cli/progress_line.h"

#include <unistd.h>

#include <cstdint>
#include <cstdio>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "absl/time/clock.h"

namespace sgpsam::cli {
namespace {

constexpr absl::Duration kRedraw = absl::Milliseconds(50), kTick = absl::Seconds(1);
constexpr int kBarWidth = 30;

std::string Bar(uint64_t done, uint64_t total) {
  const double part = total == 0 ? 1.0 : static_cast<double>(done) / static_cast<double>(total);
  const int full = static_cast<int>(part * kBarWidth);
  return absl::StrFormat("[%s%s] %3.0f%%  %.1f MiB", std::string(static_cast<size_t>(full), '#'),
                         std::string(static_cast<size_t>(kBarWidth - full), '.'), part * 100,
                         static_cast<double>(total) / (1 << 20));
}

const char* Doing(client::Stage stage) {
  using client::Stage;
  switch (stage) {
    case Stage::kReceive: return "uploading";
    case Stage::kDecode: return "decoding the volume";
    case Stage::kPrepare: return "preparing";
    case Stage::kQueue: return "waiting for a worker";
    case Stage::kEncode: return "encoding";
    case Stage::kPromptMask: return "finding the mask";
    case Stage::kRestore: return "restoring the mask";
    case Stage::kWrite: return "writing the result";
    case Stage::kSend: return "downloading";
  }
  return "working";
}

}  // namespace

ProgressLine::ProgressLine() : terminal_(isatty(STDERR_FILENO) == 1) {
  if (terminal_) counter_ = std::thread([this] { CountDown(); });
}

ProgressLine::~ProgressLine() {
  if (!terminal_) return;
  {
    absl::MutexLock lock(&mutex_);
    end_ = true;
    ended_.Signal();
  }
  counter_.join();
  std::fputs("\r\x1b[K", stderr);
}

std::string ProgressLine::Text(const client::Progress& progress, absl::Duration since) {
  std::string text = Doing(progress.stage);
  if (progress.bytes_total > 0) absl::StrAppend(&text, " ", Bar(progress.bytes_done, progress.bytes_total));
  if (progress.patch > 0 && progress.patches > 1) {
    absl::StrAppend(&text, ", patch ", progress.patch, " of at most ", progress.patches);
  }
  if (progress.patch > 0 && progress.target > 0) absl::StrAppend(&text, " of target ", progress.target + 1);
  if (progress.queue_position > 0) absl::StrAppend(&text, ", ", progress.queue_position, " ahead");
  if (progress.expected > since) {
    const absl::Duration left = absl::Ceil(progress.expected - since, absl::Seconds(1));
    absl::StrAppend(&text, ", about ", absl::ToInt64Seconds(left), " s left");
  }
  return text;
}

void ProgressLine::Show(const client::Progress& progress) {
  if (!terminal_) return;
  absl::MutexLock lock(&mutex_);
  const absl::Time now = absl::Now();
  last_ = progress;
  shown_ = now;
  const bool moving = progress.bytes_total > 0 && progress.bytes_done < progress.bytes_total;
  if (!moving || now >= next_) Draw();
}

void ProgressLine::CountDown() {
  absl::MutexLock lock(&mutex_);
  while (!end_) {
    ended_.WaitWithTimeout(&mutex_, kTick);
    if (!end_ && shown_ != absl::InfiniteFuture()) Draw();
  }
}

void ProgressLine::Draw() {
  const absl::Time now = absl::Now();
  next_ = now + kRedraw;
  std::fprintf(stderr, "\r\x1b[K%s", Text(last_, now - shown_).c_str());
  std::fflush(stderr);
}

}  // namespace sgpsam::cli
