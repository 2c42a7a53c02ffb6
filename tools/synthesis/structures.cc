#include "tools/synthesis/structures.h"

#include <algorithm>
#include <array>
#include <iterator>

namespace sgpsam::synthesis {
namespace {

constexpr std::array<absl::string_view, kStructures> kNames = {
    "outside",  "liver", "spleen",       "right_kidney", "left_kidney", "stomach", "gallbladder",
    "pancreas", "bowel", "liver_vessel", "aorta",        "vena_cava",   "vessel",  "heart",
    "lung",     "spine", "rib",          "muscle",       "fat"};

}  // namespace

absl::string_view StructureName(Structure structure) { return kNames[static_cast<size_t>(structure)]; }

std::optional<Structure> ParseStructure(absl::string_view name) {
  const auto* found = std::find(kNames.begin(), kNames.end(), name);
  if (found == kNames.end()) return std::nullopt;
  return static_cast<Structure>(std::distance(kNames.begin(), found));
}

}  // namespace sgpsam::synthesis
