#include "core/picture/line_chart.h"

#include <algorithm>
#include <cmath>
#include <optional>

#include "absl/strings/string_view.h"
#include "core/picture/axis.h"

namespace sgpsam {
namespace {

using Point = std::pair<double, double>;

constexpr int kLeastWidth = 240, kLeastHeight = 120;  // of a panel
// Other sizes are those before halving: twice what is seen.
constexpr int kText = 19;  // height of capitals
constexpr int kMargin = 20;
constexpr int kGap = 12;     // between labels and what they belong to
constexpr int kSwatch = 48;  // a series' line in the legend
constexpr int kRow = 40;     // of the legend
constexpr int kHair = 2;     // grid and axes
constexpr int kStroke = 4, kSinglePoint = 14;
constexpr int kTickHeight = 52, kTickWidth = 160;  // no ticks nearer to each other
constexpr double kRoom = 0.04;                     // above and below the values, of their range
constexpr Rgb kPaper{255, 255, 255}, kInk{40, 40, 40}, kGrid{225, 225, 225};

bool Shown(const Point& point, bool log_y) {
  const auto in_range = [](double value) { return std::abs(value) <= kGreatestOfAxis; };  // false for NaN
  return in_range(point.first) && in_range(point.second) && (!log_y || point.second >= kLeastOfAxis);
}

template <typename Visitor>
void ForEachShown(const ChartPanel& panel, Visitor&& visit) {
  for (const ChartSeries& series : panel.series) {
    for (const Point& point : series.points) {
      if (Shown(point, panel.log_y)) visit(point);
    }
  }
}

// From 0 to 1 as long as there is nothing in it.
struct Range {
  double low = 0, high = 1;
  bool empty = true;

  void Add(double value) {
    low = empty ? value : std::min(low, value);
    high = empty ? value : std::max(high, value);
    empty = false;
  }
};

Range RangeOfX(absl::Span<const ChartPanel> panels) {
  Range range;
  for (const ChartPanel& panel : panels) {
    ForEachShown(panel, [&](const Point& point) { range.Add(point.first); });
  }
  return range;
}

Axis YAxis(const ChartPanel& panel, int height) {
  Range range;
  ForEachShown(panel, [&](const Point& point) { range.Add(point.second); });
  const int most_ticks = height / kTickHeight;
  if (panel.log_y && !range.empty) return LogAxis(range.low, range.high, most_ticks);
  // Some room above and below, but none on the other side of zero.
  const double room = (range.high - range.low) * kRoom;
  const double low = range.low >= 0 ? std::max(range.low - room, 0.0) : range.low - room;
  const double high = range.high <= 0 ? std::min(range.high + room, 0.0) : range.high + room;
  return LinearAxis(low, high, most_ticks);
}

int WidestLabel(const Axis& axis) {
  int widest = 0;
  for (const Tick& tick : axis.ticks) widest = std::max(widest, Picture::TextWidth(tick.label, kText));
  return widest;
}

// The panel's title, which has no line, or a series' line and name.
struct LegendEntry {
  absl::string_view text;
  const ChartSeries* series = nullptr;
  int x = 0, y = 0;  // upper left corner

  int swatch() const { return series == nullptr ? 0 : kSwatch + kGap; }
};

// In rows from the panel's upper left corner on, down to its middle.
std::vector<LegendEntry> PlaceLegend(const ChartPanel& panel, int width, int height) {
  std::vector<LegendEntry> entries{{panel.title}};
  for (const ChartSeries& series : panel.series) entries.push_back({series.name, &series});
  int x = kMargin, y = kMargin;
  for (auto entry = entries.begin(); entry != entries.end(); ++entry) {
    const int entry_width = entry->swatch() + Picture::TextWidth(entry->text, kText);
    if (x > kMargin && x + entry_width > width - kMargin) x = kMargin, y += kRow;
    if (y + kRow > height / 2) {
      entries.erase(entry, entries.end());
      break;
    }
    entry->x = x;
    entry->y = y;
    x += entry_width + 3 * kGap;
  }
  return entries;
}

// Where things lie in a panel before halving. Right and bottom belong to the plot.
struct Layout {
  std::vector<LegendEntry> legend;
  int left = 0, top = 0, right = 0, bottom = 0;
  Axis x, y;

  Picture::Point At(const Point& point) const {
    return {left + x.Place(point.first) * (right - left), bottom - y.Place(point.second) * (bottom - top)};
  }
};

// Plots of one picture begin and end at the same x.
std::vector<Layout> PlacePanels(absl::Span<const ChartPanel> panels, int width, int height) {
  std::vector<Layout> layouts(panels.size());
  int left = 0;
  for (size_t n = 0; n < panels.size(); ++n) {
    Layout& layout = layouts[n];
    layout.legend = PlaceLegend(panels[n], width, height);
    layout.top = layout.legend.back().y + kRow + kGap;
    layout.bottom = height - kMargin - kText - kGap;
    layout.y = YAxis(panels[n], layout.bottom - layout.top);
    left = std::max(left, kMargin + WidestLabel(layout.y) + kGap);
  }
  const Range x = RangeOfX(panels);
  const Axis axis = LinearAxis(x.low, x.high, (width - left) / kTickWidth);
  for (Layout& layout : layouts) {
    layout.x = axis;
    layout.left = left;
    layout.right = width - kMargin - WidestLabel(axis) / 2;
  }
  return layouts;
}

class PanelPainter {
 public:
  PanelPainter(const ChartPanel& panel, const Layout& layout, Picture& picture)
      : panel_(panel), layout_(layout), picture_(picture) {}

  void Paint() {
    picture_.Fill(0, 0, picture_.width(), picture_.height(), kPaper);
    PaintTicks();
    bool empty = true;
    for (const ChartSeries& series : panel_.series) empty = !PaintSeries(series) && empty;
    if (empty) {
      WriteCentred("no data", (layout_.left + layout_.right) / 2, (layout_.top + layout_.bottom) / 2);
    }
    PaintAxes();
    for (const LegendEntry& entry : layout_.legend) PaintLegend(entry);
  }

 private:
  // Lines as wide as a pixel of the halved picture stay sharp where they fill one.
  static int OnPixel(double position) { return 2 * static_cast<int>(std::lround(position / 2)); }

  void WriteCentred(absl::string_view text, int x, int y) {
    picture_.Write(x - Picture::TextWidth(text, kText) / 2, y - kText / 2, text, kText, kInk);
  }

  void PaintTicks() {
    for (const Tick& tick : layout_.x.ticks) {
      const int x = OnPixel(layout_.At({tick.value, layout_.y.low}).x);
      picture_.Fill(x, layout_.top, kHair, layout_.bottom - layout_.top, kGrid);
      WriteCentred(tick.label, x, layout_.bottom + kGap + kText / 2);
    }
    for (const Tick& tick : layout_.y.ticks) {
      const int y = OnPixel(layout_.At({layout_.x.low, tick.value}).y);
      picture_.Fill(layout_.left, y, layout_.right - layout_.left, kHair, kGrid);
      picture_.Write(layout_.left - kGap - Picture::TextWidth(tick.label, kText), y - kText / 2, tick.label,
                     kText, kInk);
    }
  }

  void PaintAxes() {
    const int left = OnPixel(layout_.left), bottom = OnPixel(layout_.bottom);
    picture_.Fill(left, layout_.top, kHair, bottom - layout_.top, kInk);
    picture_.Fill(left, bottom, layout_.right - left, kHair, kInk);
  }

  // False if there is no point to show.
  bool PaintSeries(const ChartSeries& series) {
    std::optional<Picture::Point> last;
    bool single = true;
    for (const Point& point : series.points) {
      if (!Shown(point, panel_.log_y)) continue;
      const Picture::Point at = layout_.At(point);
      if (last.has_value()) {
        picture_.Line(*last, at, kStroke, series.colour);
        single = false;
      }
      last = at;
    }
    if (last.has_value() && single) picture_.Line(*last, *last, kSinglePoint, series.colour);
    return last.has_value();
  }

  void PaintLegend(const LegendEntry& entry) {
    const int middle = entry.y + kText / 2;
    if (entry.series != nullptr) {
      picture_.Fill(entry.x, middle - kStroke / 2, kSwatch, kStroke, entry.series->colour);
    }
    picture_.Write(entry.x + entry.swatch(), entry.y, entry.text, kText, kInk);
  }

  const ChartPanel& panel_;
  const Layout& layout_;
  Picture& picture_;
};

}  // namespace

Picture DrawCharts(absl::Span<const ChartPanel> panels, int width, int panel_height) {
  width = std::max(width, kLeastWidth);
  panel_height = std::max(panel_height, kLeastHeight);
  const int count = std::max(static_cast<int>(panels.size()), 1);
  Picture chart(width, count * panel_height);
  chart.Fill(0, 0, chart.width(), chart.height(), kPaper);
  const std::vector<Layout> layouts = PlacePanels(panels, 2 * width, 2 * panel_height);
  for (size_t n = 0; n < panels.size(); ++n) {
    Picture panel(2 * width, 2 * panel_height);
    PanelPainter(panels[n], layouts[n], panel).Paint();
    chart.Paste(panel.Halved(), 0, static_cast<int>(n) * panel_height);
  }
  return chart;
}

}  // namespace sgpsam
