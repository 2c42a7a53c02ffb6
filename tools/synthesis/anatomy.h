// A made-up abdomen: what its parts look like, and how they are painted. Looks like a CT to a human at arm's
// length; it is no model of anatomy. Drawn once per case, then immutable and safe to share.
#ifndef SGPSAM_TOOLS_SYNTHESIS_ANATOMY_H_
#define SGPSAM_TOOLS_SYNTHESIS_ANATOMY_H_

#include "tools/synthesis/canvas.h"
#include "tools/synthesis/liver.h"
#include "tools/synthesis/random.h"
#include "tools/synthesis/shapes.h"
#include "tools/synthesis/tissues.h"
#include "tools/synthesis/torso.h"

namespace sgpsam::synthesis {

class Anatomy {
 public:
  explicit Anatomy(Random random);
  Anatomy(const Anatomy&) = delete;  // the liver looks at the torso
  Anatomy& operator=(const Anatomy&) = delete;

  const Torso& torso() const { return torso_; }
  const Liver& liver() const { return liver_; }
  const Tissues& tissues() const { return tissues_; }
  // Portal and hepatic veins, which lesions may still push aside before PaintVessels.
  const Tube& liver_vessels() const { return liver_vessels_; }

  // Everything but the liver's vessels and lesions, mottled as tissue is.
  void Paint(Canvas& canvas) const;

 private:
  const Random random_;
  const Torso torso_;
  const Liver liver_;
  const Tissues tissues_;
  const Tube liver_vessels_;
};

}  // namespace sgpsam::synthesis

#endif  // SGPSAM_TOOLS_SYNTHESIS_ANATOMY_H_
