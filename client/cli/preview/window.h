// Which intensities a picture spreads from black to white. Pure functions.
#ifndef SGPSAM_CLIENT_CLI_PREVIEW_WINDOW_H_
#define SGPSAM_CLIENT_CLI_PREVIEW_WINDOW_H_

#include <cstdint>
#include <string>

#include "client/cli/preview/scene.h"

namespace sgpsam::cli {

struct Window {
  double low = 0, high = 1;
  bool inverted = false;  // PET is read dark on white
  const char* unit = "";  // " HU" of CT

  uint8_t Gray(double value) const;
};

// CT: soft tissue, or lung or bone where the segments' median says so. PET: from 0 to the brightest,
// inverted. Anything else: from the 1st to the 99.5th percentile.
Window ChooseWindow(const Scene& scene);

// "W 400 L 40 HU", as viewers say it; "0 to 12.5, dark is high" of an inverted one.
std::string DescribeWindow(const Window& window);

}  // namespace sgpsam::cli

#endif  // SGPSAM_CLIENT_CLI_PREVIEW_WINDOW_H_
