#include "tools/synthesis/case_seed.h"

#include <algorithm>
#include <array>
#include <cstddef>
#include <iterator>

namespace sgpsam::synthesis {
namespace {

constexpr std::array<absl::string_view, 4> kNames = {"train", "validation", "test", "pretrain"};

}  // namespace

absl::string_view SplitName(Split split) { return kNames[static_cast<size_t>(split)]; }

std::optional<Split> ParseSplit(absl::string_view name) {
  const auto* found = std::find(kNames.begin(), kNames.end(), name);
  if (found == kNames.end()) return std::nullopt;
  return static_cast<Split>(std::distance(kNames.begin(), found));
}

}  // namespace sgpsam::synthesis
