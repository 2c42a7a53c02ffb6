// Charts of curves, such as those of a training run over its steps. Pure functions; thread-safe.
#ifndef SGPSAM_CORE_PICTURE_LINE_CHART_H_
#define SGPSAM_CORE_PICTURE_LINE_CHART_H_

#include <string>
#include <utility>
#include <vector>

#include "absl/types/span.h"
#include "core/picture/picture.h"

namespace sgpsam {

// Points are joined in their order; a single one is a dot. Those that cannot be shown are left out, and the
// line goes on behind them: not finite, greater than kGreatestOfAxis, on a logarithmic axis not positive.
struct ChartSeries {
  std::string name;  // in the legend; Picture::Write has its letters
  Rgb colour{};
  std::vector<std::pair<double, double>> points;  // x, y
};

struct ChartPanel {
  std::string title;
  std::vector<ChartSeries> series;  // later ones are drawn over earlier ones
  bool log_y = false;
};

// Panels below one another, black on white. All share the x axis of all their points, so that what happened
// at the same time lies on one vertical; each has a y axis of its own. A panel without points says so, and no
// panels at all are one empty picture. Sizes in pixels; the picture is at least 240 wide, a panel at least
// 120 high. A legend takes at most half of its panel: names that do not fit are left out.
Picture DrawCharts(absl::Span<const ChartPanel> panels, int width, int panel_height);

}  // namespace sgpsam

#endif  // SGPSAM_CORE_PICTURE_LINE_CHART_H_
