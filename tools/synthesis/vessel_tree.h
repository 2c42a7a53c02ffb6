// Branching vessels that reach every part of an organ. Pure functions.
#ifndef SGPSAM_TOOLS_SYNTHESIS_VESSEL_TREE_H_
#define SGPSAM_TOOLS_SYNTHESIS_VESSEL_TREE_H_

#include <vector>

#include "absl/types/span.h"
#include "tools/synthesis/body_point.h"
#include "tools/synthesis/random.h"
#include "tools/synthesis/shapes.h"

namespace sgpsam::synthesis {

// A tree from `root` to all targets. It forks where the targets, parted by their place, are best told apart;
// a vessel is as thick as the cube root of the number of targets behind it (Murray's law), `root_radius` mm
// at the root, so that flow is conserved at every fork.
Tube GrowVesselTree(const BodyPoint& root, float root_radius, std::vector<BodyPoint> targets, Random random);

// A ball that grew where vessels were.
struct Growth {
  BodyPoint centre;
  float radius = 0;
};

// Moves what lies in or near the balls outwards to their surface: vessels bend around what grows.
void PushAside(absl::Span<const Growth> growths, Tube& vessels);

}  // namespace sgpsam::synthesis

#endif  // SGPSAM_TOOLS_SYNTHESIS_VESSEL_TREE_H_
