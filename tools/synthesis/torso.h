// The outer shape of a case: skin, layers of the wall, the cavity inside and the diaphragm that closes it
// above. Drawn once, then immutable and safe to share. Distances as in shapes.h.
#ifndef SGPSAM_TOOLS_SYNTHESIS_TORSO_H_
#define SGPSAM_TOOLS_SYNTHESIS_TORSO_H_

#include "tools/synthesis/body_point.h"
#include "tools/synthesis/random.h"

namespace sgpsam::synthesis {

class Torso {
 public:
  explicit Torso(Random random);

  // What lies towards one side of the body's axis, at z = 0: mm from the axis to the skin through a point,
  // mm from the axis to the point, and how thick the layers of the wall are there.
  struct Ray {
    float skin = 0, point = 0, fat = 0, muscle = 0;
    float sideways = 0;  // 1 at the sides, 0 in front and at the back
  };
  Ray Towards(float x, float y) const;
  // By how much the body is wider at a height than at z = 0.
  float Girth(float z) const;

  // mm from the skin inwards along the ray; negative outside the body.
  float Depth(const BodyPoint& p) const;
  // Negative inside the cavity, which ends at the muscles of the wall.
  float CavityDistance(const BodyPoint& p) const;
  // Positive above the diaphragm: chest, not abdomen.
  float DiaphragmDistance(const BodyPoint& p) const;
  // The point on the cavity's wall in a direction from the axis (0 = to the left, quarter turn = to the
  // back), `outwards` mm farther out.
  BodyPoint OnCavityWall(float turn, float z, float outwards) const;

  // Half of the body's, and of the cavity's, width and depth at z = 0.
  float half_width() const { return half_width_; }
  float half_depth() const { return half_depth_; }
  float cavity_width() const { return cavity_width_; }
  float cavity_depth() const { return cavity_depth_; }
  // The middle of the vertebral bodies.
  BodyPoint Spine(float z) const;

 private:
  struct Dome {
    BodyPoint top;
    float width = 1, depth = 1;  // mm from its middle to where it has come down by kDrop
  };

  float half_width_, half_depth_;
  float squareness_, flat_back_;            // of the outline
  float fat_, fat_at_sides_, fat_at_back_;  // mm
  float muscle_, muscle_at_sides_;          // mm
  float waist_;                             // how much narrower the body gets downwards
  float cavity_width_ = 0, cavity_depth_ = 0;
  float spine_y_ = 0, lordosis_ = 0;
  Dome domes_[2];
};

}  // namespace sgpsam::synthesis

#endif  // SGPSAM_TOOLS_SYNTHESIS_TORSO_H_
