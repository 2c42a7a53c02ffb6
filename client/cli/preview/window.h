// Which intensities a picture spreads from black to white. Pure functions.
#ifndef SGPSAM_CLIENT_CLI_PREVIEW_WINDOW_H_
#define SGPSAM_CLIENT_CLI_PREVIEW_WINDOW_H_

#include <cstdint>

#include "client/cli/preview/scene.h"

namespace sgpsam::cli {

struct Window {
  double low = 0, high = 1;
  bool inverted = false;  // PET is read dark on white

  uint8_t Gray(double value) const;
};

// CT: soft tissue, or lung or bone where the segments' median says so. PET: from 0 to the brightest,
// inverted. Anything else: from the 1st to the 99.5th percentile.
Window ChooseWindow(const Scene& scene);

}  // namespace sgpsam::cli

#endif  // SGPSAM_CLIENT_CLI_PREVIEW_WINDOW_H_
