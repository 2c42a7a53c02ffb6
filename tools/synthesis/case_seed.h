// The seeds of made-up cases. A seed says which split a case belongs to, so that no case of one split can
// ever be a case of another. Pure functions.
#ifndef SGPSAM_TOOLS_SYNTHESIS_CASE_SEED_H_
#define SGPSAM_TOOLS_SYNTHESIS_CASE_SEED_H_

#include <cstdint>
#include <optional>

#include "absl/strings/string_view.h"

namespace sgpsam::synthesis {

enum class Split : uint8_t { kTrain = 0, kValidation = 1, kTest = 2, kPretrain = 3 };

// "train", "validation", "test", "pretrain".
absl::string_view SplitName(Split split);
std::optional<Split> ParseSplit(absl::string_view name);

constexpr int kRunSeedBits = 30;
constexpr uint32_t kMaxRunSeed = (uint32_t{1} << kRunSeedBits) - 1;

// Bits 63 and 62: the split; bits 61 to 32: the run's seed, of which only the lowest kRunSeedBits count;
// bits 31 to 0: the index. Different for all that differ in any of the three.
constexpr uint64_t CaseSeed(Split split, uint32_t run_seed, uint32_t index) {
  return uint64_t{static_cast<uint8_t>(split)} << (32 + kRunSeedBits) |
         uint64_t{run_seed & kMaxRunSeed} << 32 | index;
}

// The split that a seed of CaseSeed belongs to.
constexpr Split SplitOf(uint64_t case_seed) { return static_cast<Split>(case_seed >> (32 + kRunSeedBits)); }

}  // namespace sgpsam::synthesis

#endif  // SGPSAM_TOOLS_SYNTHESIS_CASE_SEED_H_
