// Whether an engine computes what its model says, asked before it serves: a made-up patch with a clear object
// goes through it and through a reference, and what comes out is compared. A kernel that is fast and wrong on
// this processor or device shows up here instead of in a patient's mask. TorchEngine::Create asks, if its
// options say so. Pure functions of two engines; no LibTorch.
#ifndef SGPSAM_CORE_TORCH_SELF_TEST_H_
#define SGPSAM_CORE_TORCH_SELF_TEST_H_

#include <cstddef>
#include <optional>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "core/engine/engine.h"

namespace sgpsam {

// How many made-up patches there are.
inline constexpr int kSelfTestPatches = 3;

// Number 0 to kSelfTestPatches - 1: a bright ball, a little off the middle, in uneven noisy ground;
// z-normalised values, always the same.
struct SelfTestCase {
  Patch patch;
  Click inside, outside;  // of the ball
  BoxCorners box;         // around it
};
SelfTestCase MakeSelfTestCase(const PatchSizes& sizes, int number);

// What an engine makes of it: of each of `copies` patches encoded at once, a click in the ball, that and one
// outside with the logits of the first, and, if the model takes boxes, the box.
struct SelfTestAnswer {
  Embedding embedding;
  std::vector<MaskLogits> masks;
};
// The first error of the engine. An embedding with values that are not finite is answered without masks.
absl::StatusOr<std::vector<SelfTestAnswer>> AnswerSelfTest(Engine& engine, const SelfTestCase& made,
                                                           size_t copies);

// How far an answer is from the reference's.
struct SelfTestAgreement {
  // L2 of the difference over L2 of the reference, the larger of embedding and detail map, the largest of all
  // masks. Infinite where something is not finite.
  double embedding_error = 0;
  double logits_error = 0;
  // The least of all masks, over the cells in which the reference's logits are clear of zero; nothing if none
  // of them is clearly inside.
  std::optional<double> dice;
  // A module's gate opens in one and not in the other, with scores so close to its threshold that either is
  // right: the patch says nothing of what follows.
  bool gate_on_the_fence = false;

  bool agrees() const;
};

// Rounding to bfloat16 costs the shipped models 0.005 of the embedding and 0.003 of the logits, one of full
// size with seeded weights 0.008 and 0.007, small ones that have learned nothing 0.009 and 0.026;
// wrong kernels cost 0.1 and more.
inline constexpr double kEmbeddingTolerance = 0.03, kLogitsTolerance = 0.06;
inline constexpr double kSelfTestLeastDice = 0.99;

SelfTestAgreement CompareAnswers(const SelfTestAnswer& answer, const SelfTestAnswer& reference,
                                 const ModelInfo& model);

// The worse of each; what either leaves open is open.
SelfTestAgreement Worse(const SelfTestAgreement& a, const SelfTestAgreement& b);

// "embedding 0.0023, logits 0.0018, Dice 0.9995", for a log line or an error.
std::string Describe(const SelfTestAgreement& agreement);

}  // namespace sgpsam

#endif  // SGPSAM_CORE_TORCH_SELF_TEST_H_
