// A made-up CT of an abdomen with lesions (or with shapes that mean nothing) whose extent is known: what the
// demo model is trained, tested and shown on. Called by sgpsam-model's commands, tests and benchmarks.
// A pure function of its options: the same options give the same samples on the same machine, and cases can
// be made in many threads at once.
#ifndef SGPSAM_TOOLS_SYNTHESIS_SYNTHETIC_CASE_H_
#define SGPSAM_TOOLS_SYNTHESIS_SYNTHETIC_CASE_H_

#include <array>
#include <cstdint>
#include <optional>
#include <vector>

#include "absl/status/statusor.h"
#include "core/volume/geometry.h"
#include "core/volume/volume.h"
#include "tools/synthesis/case_seed.h"
#include "tools/synthesis/lesion_plan.h"
#include "tools/synthesis/structures.h"

namespace sgpsam::synthesis {

enum class Content {
  kLesions,
  kShapes,   // no lesion; blobs, ellipsoids, boxes and tubes instead (generic_shapes.h): for pretraining
  kHealthy,  // neither
};

struct CaseOptions {
  uint64_t seed = CaseSeed(Split::kTrain, 0, 0);
  Content content = Content::kLesions;
  // Voxels; 8 to 1024 along each axis, at most 2^28. The body has its own size: a small field shows a part of
  // it, around the liver or whatever organ the lesions are asked for in (shapes: anywhere).
  Shape shape{256, 256, 96};
  std::optional<std::array<double, 3>> spacing_mm;  // 0.3 to 8; drawn: 0.7 to 0.9 in plane, 1 to 5 mm slices
  std::optional<double> noise_hu;  // standard deviation deep in the body, 0 to 200; drawn: 4 to 30
  LesionOptions lesions;
};

struct Lesion {
  uint8_t label = 0;  // its value in SyntheticCase::lesions: 1 is the largest
  WorldPoint centre;  // the middle of the voxel that lies farthest inside, LPS mm
  uint64_t voxels = 0;
  double diameter_mm = 0;  // of a sphere of these voxels' volume
  double contrast_hu = 0;  // mean over the lesion against the organ's usual HU, before blur and noise
  Structure organ = Structure::kLiver;
};

struct SyntheticCase {
  Volume image;       // int16, HU; axes along L, P, H
  Volume lesions;     // uint8: 0, or the label of the lesion that covers at least half of the voxel
  Volume structures;  // uint8: Structure; under a lesion its organ's, so that organs are whole
  Volume shapes;      // uint8: 0, or 1 to n for the n shapes of Content::kShapes
  std::vector<Lesion> lesion_list;  // by label; empty unless Content::kLesions
};

// INVALID_ARGUMENT names an option that is out of range, or says that no lesion found room.
// RESOURCE_EXHAUSTED if there is no memory: about 12 bytes per voxel are needed.
absl::StatusOr<SyntheticCase> SynthesizeCase(const CaseOptions& options);

}  // namespace sgpsam::synthesis

#endif  // SGPSAM_TOOLS_SYNTHESIS_SYNTHETIC_CASE_H_
