// The outline of a case's liver: two lobes that fill what the cavity and the diaphragm leave them. Drawn
// once, then immutable and safe to share.
#ifndef SGPSAM_TOOLS_SYNTHESIS_LIVER_H_
#define SGPSAM_TOOLS_SYNTHESIS_LIVER_H_

#include "tools/synthesis/body_point.h"
#include "tools/synthesis/random.h"
#include "tools/synthesis/shapes.h"
#include "tools/synthesis/smooth_field.h"
#include "tools/synthesis/torso.h"

namespace sgpsam::synthesis {

class Liver {
 public:
  // The torso outlives the liver.
  Liver(const Torso& torso, Random random);

  float Distance(const BodyPoint& p) const;  // as in shapes.h
  Bounds bounds() const;
  // Where the portal vein enters, and where the hepatic veins leave for the vena cava.
  const BodyPoint& hilum() const { return hilum_; }
  const BodyPoint& outlet() const { return outlet_; }
  // Where the gallbladder's neck lies, below the hilum.
  BodyPoint gallbladder_neck() const { return hilum_ + BodyPoint{-14, -14, -12}; }
  // A point inside, at least `depth` mm below the surface if there is one.
  BodyPoint PointInside(float depth, Random& random) const;

 private:
  const Torso& torso_;
  Ellipsoid right_, left_, notch_;
  Capsule spine_;
  float shear_;  // how much higher the lower edge gets towards the left
  float roughness_mm_;
  SmoothField field_;
  BodyPoint hilum_, outlet_;
};

}  // namespace sgpsam::synthesis

#endif  // SGPSAM_TOOLS_SYNTHESIS_LIVER_H_
