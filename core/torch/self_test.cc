#include "core/torch/self_test.h"

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <limits>
#include <memory>
#include <utility>

#include "absl/status/status.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "absl/types/span.h"
#include "core/base/random.h"
#include "core/base/status_macros.h"

namespace sgpsam {
namespace {

constexpr double kInfinite = std::numeric_limits<double>::infinity();
// Logits nearer to zero than this part of their root mean square may have either sign.
constexpr double kClearOfZero = 0.1;
// bfloat16 moves a score by less.
constexpr double kFence = 0.02;

// Parts of the patch's side.
struct Ball {
  double i, j, k, radius;
};
constexpr Ball kBalls[kSelfTestPatches] = {
    {0.52, 0.47, 0.50, 0.20}, {0.45, 0.55, 0.52, 0.16}, {0.50, 0.50, 0.45, 0.24}};
constexpr double kContrast = 2.5, kWaves = 0.1, kNoise = 0.3;  // standard deviations

// A wave over the plane of two axes, row-major.
std::vector<double> Waves(int64_t side, double pace_a, double pace_b) {
  std::vector<double> waves;
  for (int64_t a = 0; a < side; ++a) {
    for (int64_t b = 0; b < side; ++b) {
      const double x = static_cast<double>(a), y = static_cast<double>(b);
      waves.push_back(std::sin((pace_a * x + pace_b * y) / static_cast<double>(side)));
    }
  }
  return waves;
}

// 0 to 1, over two voxels at the surface.
double Inside(const Ball& ball, int64_t side, int64_t i, int64_t j, int64_t k) {
  const double size = static_cast<double>(side);
  const double x = static_cast<double>(i) - ball.i * size, y = static_cast<double>(j) - ball.j * size,
               z = static_cast<double>(k) - ball.k * size;
  return std::clamp(0.5 + (ball.radius * size - std::sqrt(x * x + y * y + z * z)) / 2, 0.0, 1.0);
}

bool AllFinite(absl::Span<const float> values) {
  return std::all_of(values.begin(), values.end(), [](float value) { return std::isfinite(value); });
}

double RelativeError(absl::Span<const float> values, absl::Span<const float> reference) {
  if (values.size() != reference.size()) return kInfinite;
  double difference = 0, size = 0;
  for (size_t n = 0; n < values.size(); ++n) {
    const double exact = reference[n], off = values[n] - exact;
    difference += off * off;
    size += exact * exact;
  }
  if (!std::isfinite(difference)) return kInfinite;
  if (difference == 0) return 0;
  return size == 0 ? kInfinite : std::sqrt(difference / size);
}

// Of two masks where the reference is clear of zero; nothing if it is clearly inside nowhere.
std::optional<double> ClearDice(absl::Span<const float> logits, absl::Span<const float> reference) {
  double squares = 0;
  for (const float value : reference) squares += static_cast<double>(value) * value;
  const double clear = kClearOfZero * std::sqrt(squares / static_cast<double>(reference.size()));
  int64_t both = 0, sum = 0, inside = 0;
  for (size_t n = 0; n < reference.size(); ++n) {
    if (std::abs(reference[n]) <= clear) continue;
    const bool a = logits[n] > 0, b = reference[n] > 0;
    both += a && b;
    sum += int{a} + int{b};
    inside += b;
  }
  if (inside == 0) return std::nullopt;
  return 2.0 * static_cast<double>(both) / static_cast<double>(sum);
}

bool GateOnTheFence(absl::Span<const float> scores, absl::Span<const float> reference, float threshold) {
  for (size_t n = 0; n < std::min(scores.size(), reference.size()); ++n) {
    if (std::abs(scores[n] - reference[n]) > kFence) return false;  // no rounding
    if ((scores[n] > threshold) != (reference[n] > threshold)) return true;
  }
  return false;
}

}  // namespace

SelfTestCase MakeSelfTestCase(const PatchSizes& sizes, int number) {
  const int64_t side = sizes.patch;
  const Ball& ball = kBalls[number];
  const std::vector<double> ij = Waves(side, 9, 4), jk = Waves(side, 11, -5), ki = Waves(side, 7, 6);
  SelfTestCase made;
  made.patch.values.reserve(static_cast<size_t>(sizes.patch_floats()));
  Random random(static_cast<uint64_t>(number) + 1);
  for (int64_t i = 0; i < side; ++i) {
    for (int64_t j = 0; j < side; ++j) {
      for (int64_t k = 0; k < side; ++k) {
        const double waves = ij[i * side + j] + jk[j * side + k] + ki[k * side + i];
        const double noise = 2 * random.Uniform() - 1;
        made.patch.values.push_back(
            static_cast<float>(kContrast * Inside(ball, side, i, j, k) + kWaves * waves + kNoise * noise));
      }
    }
  }
  for (int64_t channel = 1; channel < sizes.patch_channels; ++channel) {
    made.patch.values.insert(made.patch.values.end(), made.patch.values.begin(),
                             made.patch.values.begin() + side * side * side);
  }
  const auto at = [&](double part) {
    return static_cast<float>(std::floor(part * static_cast<double>(side)));
  };
  made.inside = {at(ball.i), at(ball.j), at(ball.k), true};
  made.outside = {at(ball.i + 1.5 * ball.radius), at(ball.j), at(ball.k), false};
  made.box = {{at(ball.i - ball.radius), at(ball.j - ball.radius), at(ball.k - ball.radius)},
              {at(ball.i + ball.radius), at(ball.j + ball.radius), at(ball.k + ball.radius)}};
  return made;
}

absl::StatusOr<std::vector<SelfTestAnswer>> AnswerSelfTest(Engine& engine, const SelfTestCase& made,
                                                           size_t copies) {
  std::vector<SelfTestAnswer> answers(copies);
  auto embeddings = engine.Encode(std::vector<const Patch*>(copies, &made.patch));
  std::vector<DecodeInput> inputs;
  for (size_t n = 0; n < copies; ++n) {
    RETURN_IF_ERROR(embeddings.at(n).status());
    answers[n].embedding = *std::move(embeddings[n]);
    if (!AllFinite(answers[n].embedding.values)) return answers;
    DecodeInput& input = inputs.emplace_back();
    input.embedding = std::make_shared<const Embedding>(answers[n].embedding);
    input.clicks = {made.inside};
  }
  const auto decode = [&]() -> absl::Status {
    std::vector<const DecodeInput*> pointers;
    for (const DecodeInput& input : inputs) pointers.push_back(&input);
    auto masks = engine.Decode(pointers);
    for (size_t n = 0; n < copies; ++n) {
      RETURN_IF_ERROR(masks.at(n).status());
      answers[n].masks.push_back(*std::move(masks[n]));
    }
    return absl::OkStatus();
  };
  RETURN_IF_ERROR(decode());
  for (size_t n = 0; n < copies; ++n) {
    inputs[n].clicks.push_back(made.outside);
    inputs[n].mask_logits = answers[n].masks[0].values;
    if (!AllFinite(inputs[n].mask_logits)) return answers;
  }
  RETURN_IF_ERROR(decode());
  if (engine.info().box_corner_embeddings == 0) return answers;
  for (DecodeInput& input : inputs) {
    input = {.embedding = input.embedding, .clicks = {}, .mask_logits = {}, .box = made.box};
  }
  RETURN_IF_ERROR(decode());
  return answers;
}

bool SelfTestAgreement::agrees() const {
  return !gate_on_the_fence && embedding_error <= kEmbeddingTolerance && logits_error <= kLogitsTolerance &&
         dice.value_or(1) >= kSelfTestLeastDice;
}

SelfTestAgreement CompareAnswers(const SelfTestAnswer& answer, const SelfTestAnswer& reference,
                                 const ModelInfo& model) {
  SelfTestAgreement agreement;
  const absl::Span<const float> values = answer.embedding.values, exact = reference.embedding.values;
  const size_t tokens = static_cast<size_t>(model.sizes.token_floats());
  if (values.size() != exact.size() || answer.masks.size() != reference.masks.size()) {
    agreement.embedding_error = agreement.logits_error = kInfinite;
    return agreement;
  }
  agreement.embedding_error = std::max(RelativeError(values.subspan(0, tokens), exact.subspan(0, tokens)),
                                       RelativeError(values.subspan(tokens), exact.subspan(tokens)));
  for (size_t n = 0; n < answer.masks.size(); ++n) {
    const std::vector<float>&logits = answer.masks[n].values, &expected = reference.masks[n].values;
    agreement.logits_error = std::max(agreement.logits_error, RelativeError(logits, expected));
    if (logits.size() != expected.size()) continue;
    const std::optional<double> dice = ClearDice(logits, expected);
    if (dice) agreement.dice = std::min(agreement.dice.value_or(1), *dice);
  }
  agreement.gate_on_the_fence =
      GateOnTheFence(answer.embedding.gate_scores, reference.embedding.gate_scores, model.gate_threshold);
  return agreement;
}

SelfTestAgreement Worse(const SelfTestAgreement& a, const SelfTestAgreement& b) {
  SelfTestAgreement worse = a;
  worse.embedding_error = std::max(a.embedding_error, b.embedding_error);
  worse.logits_error = std::max(a.logits_error, b.logits_error);
  if (b.dice) worse.dice = std::min(a.dice.value_or(1), *b.dice);
  worse.gate_on_the_fence = a.gate_on_the_fence || b.gate_on_the_fence;
  return worse;
}

std::string Describe(const SelfTestAgreement& agreement) {
  std::string text = absl::StrFormat("relative error of the embedding %.2g, of the logits %.2g",
                                     agreement.embedding_error, agreement.logits_error);
  if (agreement.dice) absl::StrAppend(&text, absl::StrFormat(", Dice %.4f", *agreement.dice));
  if (agreement.gate_on_the_fence) absl::StrAppend(&text, ", and other gates open");
  return text;
}

}  // namespace sgpsam
