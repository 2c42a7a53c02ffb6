// What a voxel of a made-up body belongs to, and the values by which labels say so. The values are part of
// what `synthesize` writes and of what a training run learns from: never renumber, only append.
#ifndef SGPSAM_TOOLS_SYNTHESIS_STRUCTURES_H_
#define SGPSAM_TOOLS_SYNTHESIS_STRUCTURES_H_

#include <cstdint>
#include <initializer_list>
#include <optional>

#include "absl/strings/string_view.h"

namespace sgpsam::synthesis {

enum class Structure : uint8_t {
  kOutside = 0,  // air around the patient, table
  kLiver = 1,    // without its vessels
  kSpleen = 2,
  kRightKidney = 3,  // cortex and medulla; the fat in its middle is fat
  kLeftKidney = 4,
  kStomach = 5,  // wall and contents
  kGallbladder = 6,
  kPancreas = 7,
  kBowel = 8,        // wall and contents
  kLiverVessel = 9,  // portal and hepatic veins inside the liver
  kAorta = 10,
  kVenaCava = 11,
  kVessel = 12,  // all other vessels
  kHeart = 13,
  kLung = 14,
  kSpine = 15,
  kRib = 16,
  kMuscle = 17,  // also the diaphragm and the spinal canal
  kFat = 18,     // also the skin
};
constexpr int kStructures = 19;

// "liver", "right_kidney", …
absl::string_view StructureName(Structure structure);
std::optional<Structure> ParseStructure(absl::string_view name);

// A set of structures, for "paint only over these".
class StructureSet {
 public:
  constexpr StructureSet(std::initializer_list<Structure> members) {
    for (const Structure member : members) bits_ |= Bit(member);
  }
  static constexpr StructureSet All() { return StructureSet(~uint32_t{0}); }
  constexpr StructureSet Without(StructureSet other) const { return StructureSet(bits_ & ~other.bits_); }
  constexpr bool Has(uint8_t label) const { return (bits_ >> label & 1) != 0; }
  constexpr bool Has(Structure member) const { return Has(static_cast<uint8_t>(member)); }

 private:
  explicit constexpr StructureSet(uint32_t bits) : bits_(bits) {}
  static constexpr uint32_t Bit(Structure member) { return uint32_t{1} << static_cast<uint8_t>(member); }

  uint32_t bits_ = 0;
};

}  // namespace sgpsam::synthesis

#endif  // SGPSAM_TOOLS_SYNTHESIS_STRUCTURES_H_
