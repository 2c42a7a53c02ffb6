// What one lesion looks like, wherever it lies: an irregular outline of a known volume, a soft rim, and what
// is inside. Drawn once, then immutable and safe to share.
#ifndef SGPSAM_TOOLS_SYNTHESIS_LESION_SHAPE_H_
#define SGPSAM_TOOLS_SYNTHESIS_LESION_SHAPE_H_

#include <vector>

#include "tools/synthesis/body_point.h"
#include "tools/synthesis/random.h"
#include "tools/synthesis/shapes.h"
#include "tools/synthesis/smooth_field.h"

namespace sgpsam::synthesis {

class LesionShape {
 public:
  // `diameter_mm`: of a sphere of the lesion's volume; positive. The sign of `contrast_hu` decides whether
  // what is inside strengthens or weakens it: dead cores are dark and enhancing rims are bright, whatever the
  // lesion is.
  LesionShape(float diameter_mm, float contrast_hu, Random random);

  float diameter_mm() const { return diameter_mm_; }
  // Points are seen from the lesion's centre. Distance: as in shapes.h.
  float Distance(const BodyPoint& p) const { return Outline(p * (1 / scale_)) * scale_; }
  // The lesion fades over this many mm across its outline.
  float edge_mm() const { return edge_mm_; }
  // How strong its contrast is at a point inside, so that its mean over the lesion, faded rim included, is 1.
  float Strength(const BodyPoint& p, float distance) const {
    return strength_scale_ * Inside(p * (1 / scale_), distance / scale_);
  }
  // All of it, its faded rim included, lies nearer to the centre than this.
  float reach_mm() const { return reach_ * scale_ + edge_mm_; }
  // Points all over its inside.
  const std::vector<BodyPoint>& samples() const { return samples_; }

 private:
  // Both in the shape's own unit, about the radius.
  float Outline(const BodyPoint& p) const;
  float Inside(const BodyPoint& p, float distance) const;
  void Measure();

  float diameter_mm_;
  std::vector<Ellipsoid> lobes_;
  float bumps_, ripples_;          // heights of deformations
  float mottle_;                   // of the inside
  float core_ = 0, core_at_ = 1;   // a dead core: change of strength, how deep it begins
  float rim_ = 0, rim_width_ = 1;  // an enhancing rim: change of strength, how thick
  SmoothField bump_field_, ripple_field_;
  float scale_ = 1, edge_mm_ = 1, strength_scale_ = 1, reach_ = 1;
  std::vector<BodyPoint> samples_;
};

}  // namespace sgpsam::synthesis

#endif  // SGPSAM_TOOLS_SYNTHESIS_LESION_SHAPE_H_
