// A mask's outline in a plane, as smooth lines. Pure functions.
#ifndef SGPSAM_CLIENT_CLI_PREVIEW_CONTOURS_H_
#define SGPSAM_CLIENT_CLI_PREVIEW_CONTOURS_H_

#include <cstddef>
#include <vector>

#include "client/picture/picture.h"

namespace sgpsam::cli {

// A closed line: the last point is joined to the first.
using Contour = std::vector<Picture::Point>;

// Samples of a plane, row by row, from 0 outside to 1 inside.
struct PlaneSamples {
  int columns = 0, rows = 0;
  std::vector<float> values;

  float at(int x, int y) const {
    if (x < 0 || y < 0 || x >= columns || y >= rows) return 0;
    return values[static_cast<size_t>(y) * static_cast<size_t>(columns) + static_cast<size_t>(x)];
  }
};

// The lines on which the samples cross one half (marching squares), without the steps of the samples
// (Taubin's smoothing, 1995, which does not shrink; corners cut as Chaikin did, 1974). Units are samples, 0,0
// the first one's middle. No island is lost, however small, and no point moves by more than half a sample
// along either axis.
std::vector<Contour> FindContours(const PlaneSamples& samples);

}  // namespace sgpsam::cli

#endif  // SGPSAM_CLIENT_CLI_PREVIEW_CONTOURS_H_
