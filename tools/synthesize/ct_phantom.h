// A made-up CT of an abdomen with one liver lesion whose extent is known: what the demo segments and
// tests and benchmarks feed in. Pure function of its options: the same seed gives the same samples on
// the same machine. Looks like a CT to a human at arm's length; it is no model of anatomy.
#ifndef SGPSAM_TOOLS_SYNTHESIZE_CT_PHANTOM_H_
#define SGPSAM_TOOLS_SYNTHESIZE_CT_PHANTOM_H_

#include <array>
#include <cstdint>

#include "absl/status/statusor.h"
#include "core/volume/geometry.h"
#include "core/volume/mask.h"
#include "core/volume/volume.h"

namespace sgpsam {

struct CtPhantomOptions {
  uint64_t seed = 1;          // noise, and the lesion's place and outline
  Shape shape{256, 256, 96};  // the anatomy scales with the field of view
  std::array<double, 3> spacing_mm{{1.25, 1.25, 2.5}};
  WorldPoint centre{4, -172, -640};  // of the volume, LPS mm
  double lesion_radius_mm = 16;      // of a sphere of about the lesion's size
  double lesion_contrast_hu = -55;   // against the liver around it
  double noise_hu = 11;              // standard deviation
};

struct CtPhantom {
  Volume volume;             // int16, HU; axes along L, P, H
  Mask lesion;               // the truth
  WorldPoint lesion_centre;  // LPS mm; lies inside the lesion
};

// INVALID_ARGUMENT for a geometry that Geometry::Create refuses or a lesion without a voxel.
// RESOURCE_EXHAUSTED if there is no memory.
absl::StatusOr<CtPhantom> MakeCtPhantom(const CtPhantomOptions& options = {});

}  // namespace sgpsam

#endif  // SGPSAM_TOOLS_SYNTHESIZE_CT_PHANTOM_H_
