#include "core/torch/torch_self_test.h"

#include <ATen/Context.h>

#include <array>
#include <limits>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/strings/str_cat.h"
#include "absl/time/time.h"
#include "core/base/clock.h"
#include "core/base/status_macros.h"
#include "core/torch/self_test.h"
#include "core/torch/torch_device.h"
#include "core/torch/torch_guard.h"

namespace sgpsam {
namespace {

class WithoutOneDnn {
 public:
  WithoutOneDnn() : before_(at::globalContext().userEnabledMkldnn()) {
    at::globalContext().setUserEnabledMkldnn(false);
  }
  ~WithoutOneDnn() { at::globalContext().setUserEnabledMkldnn(before_); }

 private:
  const bool before_;
};

// Adds the time of its life to a sum.
class Timer {
 public:
  explicit Timer(absl::Duration& sum) : sum_(sum), start_(Clock::Real().Now()) {}
  ~Timer() { sum_ += Clock::Real().Now() - start_; }

 private:
  absl::Duration& sum_;
  const absl::Time start_;
};

std::string NameOf(const TorchEngineOptions& options) {
  if (options.device != "cpu") return absl::StrCat(options.precision, " on ", options.device);
  return absl::StrCat(options.precision, options.packed_weights ? " with packed weights" : "");
}

SelfTestAgreement NothingInCommon() {
  SelfTestAgreement none;
  none.embedding_error = none.logits_error = std::numeric_limits<double>::infinity();
  return none;
}

class SelfTest {
 public:
  SelfTest(const TensorFile& file, const Digest& digest, const TorchEngineOptions& options)
      : file_(file), digest_(digest), options_(options) {
    options_.self_test = "off";
  }

  absl::StatusOr<TestedEngine> Run(bool fall_back) {
    RETURN_IF_ERROR(ResolveChoices());
    SelfTestReport report;
    report.result = SelfTestReport::Result::kPassed;
    std::string reasons;
    for (const TorchEngineOptions& candidate : Candidates(fall_back)) {
      ASSIGN_OR_RETURN(std::unique_ptr<TorchEngine> engine, Make(candidate));
      ASSIGN_OR_RETURN(const SelfTestAgreement agreement, Compare(*engine));
      if (reasons.empty()) Note(agreement, report);
      if (agreement.agrees()) {
        report.seconds = absl::ToDoubleSeconds(took_);
        return TestedEngine{std::move(engine), std::move(report)};
      }
      report.result = SelfTestReport::Result::kFellBack;
      absl::StrAppend(&report.rejected, reasons.empty() ? "" : ", ", NameOf(candidate));
      absl::StrAppend(&reasons, reasons.empty() ? "" : "; ", NameOf(candidate), ": ", Describe(agreement));
    }
    return absl::FailedPreconditionError(absl::StrCat(
        "the self-test failed: this machine computes the model otherwise than plain float32 on the processor "
        "does (",
        reasons, "); choose another precision or device"));
  }

 private:
  absl::Status ResolveChoices() {
    return GuardTorch([this]() -> absl::Status {
      ASSIGN_OR_RETURN(const at::Device device, ChooseDevice(options_.device));
      ASSIGN_OR_RETURN(const Precision precision, ChoosePrecision(options_.precision, device));
      options_.device = device.str();
      options_.precision = precision == Precision::kBfloat16 ? "bf16" : "fp32";
      return absl::OkStatus();
    });
  }

  TorchEngineOptions Float32(bool packed_weights) const {
    TorchEngineOptions options = options_;
    options.device = "cpu";
    options.precision = "fp32";
    options.packed_weights = packed_weights;
    return options;
  }

  // What was asked for, and what may take its place: on a processor, float32.
  std::vector<TorchEngineOptions> Candidates(bool fall_back) const {
    std::vector<TorchEngineOptions> candidates = {options_};
    if (!fall_back || options_.device != "cpu") return candidates;
    const bool rough = options_.precision != "fp32", packed = options_.packed_weights;
    if (rough && packed) candidates.push_back(Float32(true));
    if (rough || packed) candidates.push_back(Float32(false));
    return candidates;
  }

  // Float32 on the processor, if that was asked for, is made of the reference.
  absl::StatusOr<std::unique_ptr<TorchEngine>> Make(TorchEngineOptions candidate) {
    RETURN_IF_ERROR(Reference(0).status());
    if (reference_engine_ != nullptr) {
      if (candidate.packed_weights) RETURN_IF_ERROR(reference_engine_->PackWeights());
      return std::move(reference_engine_);
    }
    if (candidate.device == "cpu") candidate.warm_up = false;  // the self-test runs every path
    return TorchEngine::Create(file_, digest_, candidate);
  }

  absl::StatusOr<const SelfTestAnswer*> Reference(int number) {
    std::optional<SelfTestAnswer>& known = references_[number];
    if (known) return &*known;
    const bool is_asked_for = number == 0 && options_.device == "cpu" && options_.precision == "fp32";
    TorchEngineOptions plain = Float32(/*packed_weights=*/false);
    plain.warm_up = false;
    const absl::Time start = Clock::Real().Now();
    ASSIGN_OR_RETURN(std::unique_ptr<TorchEngine> engine, TorchEngine::Create(file_, digest_, plain));
    if (!is_asked_for) took_ += Clock::Real().Now() - start;
    const Timer timer(took_);
    cases_[number] = MakeSelfTestCase(engine->info().sizes, number);
    const WithoutOneDnn plain_kernels;
    ASSIGN_OR_RETURN(std::vector<SelfTestAnswer> answers, AnswerSelfTest(*engine, cases_[number], 1));
    known = std::move(answers.at(0));
    if (is_asked_for) reference_engine_ = std::move(engine);
    return &*known;
  }

  // With the first patch that has no gate on the fence.
  absl::StatusOr<SelfTestAgreement> Compare(TorchEngine& engine) {
    SelfTestAgreement agreement;
    for (int number = 0; number < kSelfTestPatches; ++number) {
      RETURN_IF_ERROR(Reference(number).status());
      const Timer timer(took_);
      ASSIGN_OR_RETURN(agreement, CompareOn(engine, number));
      if (!agreement.gate_on_the_fence) break;
    }
    return agreement;
  }

  absl::StatusOr<SelfTestAgreement> CompareOn(TorchEngine& engine, int number) {
    absl::StatusOr<SelfTestAgreement> alone = CompareCopies(engine, number, 1);
    if (!alone.ok()) {
      const bool here_is_no_fault =
          absl::IsUnavailable(alone.status()) || absl::IsResourceExhausted(alone.status());
      if (here_is_no_fault) return alone;
      return NothingInCommon();  // an operator that the machine does not know is as bad as a wrong one
    }
    if (engine.info().device == "cpu") return alone;  // where every patch is a batch of its own
    const absl::StatusOr<SelfTestAgreement> batch = CompareCopies(engine, number, TorchEngine::kMaxBatch);
    if (absl::IsResourceExhausted(batch.status())) return alone;  // the device serves smaller ones
    RETURN_IF_ERROR(batch.status());
    return Worse(*alone, *batch);
  }

  absl::StatusOr<SelfTestAgreement> CompareCopies(TorchEngine& engine, int number, size_t copies) {
    ASSIGN_OR_RETURN(const std::vector<SelfTestAnswer> answers,
                     AnswerSelfTest(engine, cases_[number], copies));
    SelfTestAgreement agreement;
    for (const SelfTestAnswer& answer : answers) {
      agreement = Worse(agreement, CompareAnswers(answer, *references_[number], engine.info()));
    }
    return agreement;
  }

  static void Note(const SelfTestAgreement& agreement, SelfTestReport& report) {
    report.embedding_error = agreement.embedding_error;
    report.logits_error = agreement.logits_error;
    report.dice = agreement.dice.value_or(-1);
  }

  const TensorFile& file_;
  const Digest& digest_;
  TorchEngineOptions options_;  // as asked for, "auto" resolved
  std::array<SelfTestCase, kSelfTestPatches> cases_;
  std::array<std::optional<SelfTestAnswer>, kSelfTestPatches> references_;
  std::unique_ptr<TorchEngine> reference_engine_;  // until what was asked for is made of it
  absl::Duration took_;
};

}  // namespace

absl::StatusOr<TestedEngine> CreateTestedEngine(const TensorFile& file, const Digest& weights_digest,
                                                const TorchEngineOptions& options) {
  if (options.self_test != "fallback" && options.self_test != "refuse") {
    return absl::InvalidArgumentError("the self-test must be fallback, refuse or off");
  }
  return SelfTest(file, weights_digest, options).Run(options.self_test == "fallback");
}

}  // namespace sgpsam
