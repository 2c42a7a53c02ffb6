#include "client/cli/preview/contours.h"

#include <algorithm>
#include <array>
#include <cstdint>
#include <unordered_map>
#include <utility>

namespace sgpsam::cli {
namespace {

constexpr float kLevel = 0.5f;
constexpr int kCuts = 2;
constexpr int kSmoothings = 12;
constexpr size_t kLeastPoints = 16;  // of a line that is smoothed: smaller ones are islands, and would vanish
constexpr double kMostMoved = 0.5;

// An edge between two neighbouring samples: of sample x, y to the right one or to the one below.
struct Edge {
  int x = 0, y = 0;
  bool down = false;
};

class Tracer {
 public:
  explicit Tracer(const PlaneSamples& samples) : samples_(samples) {}

  std::vector<Contour> Run() {
    // One row and column of cells more on each side: everything outside is 0, so every line closes.
    for (int y = -1; y < samples_.rows; ++y) {
      for (int x = -1; x < samples_.columns; ++x) AddCell(x, y);
    }
    std::vector<Contour> contours;
    for (const int64_t start : order_) {
      Contour contour;
      for (auto at = next_.find(start); at != next_.end();) {
        contour.push_back(PointOn(EdgeOf(at->first)));
        const int64_t to = at->second;
        next_.erase(at);
        at = next_.find(to);  // none: it was the start
      }
      if (!contour.empty()) contours.push_back(std::move(contour));
    }
    return contours;
  }

 private:
  bool Inside(int x, int y) const { return samples_.at(x, y) >= kLevel; }

  int64_t KeyOf(const Edge& edge) const {
    return 2 * (int64_t{edge.y + 1} * (samples_.columns + 2) + edge.x + 1) + (edge.down ? 1 : 0);
  }
  Edge EdgeOf(int64_t key) const {
    const int64_t cell = key / 2;
    return {static_cast<int>(cell % (samples_.columns + 2)) - 1,
            static_cast<int>(cell / (samples_.columns + 2)) - 1, key % 2 == 1};
  }

  // Clockwise around the cell whose upper left corner is x, y, a line leads from where one comes in to where
  // one goes out; in the neighbour, where the same edge is passed the other way, it goes on.
  void AddCell(int x, int y) {
    const std::array<bool, 4> corner{Inside(x, y), Inside(x + 1, y), Inside(x + 1, y + 1), Inside(x, y + 1)};
    const std::array<Edge, 4> edge{Edge{x, y, false}, Edge{x + 1, y, true}, Edge{x, y + 1, false},
                                   Edge{x, y, true}};
    std::array<int64_t, 4> in{}, out{};
    size_t ins = 0, outs = 0;
    for (size_t n = 0; n < 4; ++n) {
      const bool from = corner[n], to = corner[(n + 1) % 4];
      if (!from && to) in[ins++] = KeyOf(edge[n]);
      if (from && !to) out[outs++] = KeyOf(edge[n]);
    }
    if (ins == 1) Link(in[0], out[0]);
    if (ins != 2) return;
    // Two opposite corners are inside: they stay apart. The way out that follows a way in belongs to it.
    const size_t shift = corner[0] ? 1 : 0;
    Link(in[0], out[shift]);
    Link(in[1], out[1 - shift]);
  }

  void Link(int64_t from, int64_t to) {
    order_.push_back(from);
    next_[from] = to;
  }

  Picture::Point PointOn(const Edge& edge) const {
    const int x = edge.x + (edge.down ? 0 : 1), y = edge.y + (edge.down ? 1 : 0);
    const double a = samples_.at(edge.x, edge.y), b = samples_.at(x, y);
    const double part = (kLevel - a) / (b - a);  // one is at least the level, the other below it
    return {edge.x + (x - edge.x) * part, edge.y + (y - edge.y) * part};
  }

  const PlaneSamples& samples_;
  std::unordered_map<int64_t, int64_t> next_;
  std::vector<int64_t> order_;
};

// Each point goes a part of the way to the middle of its neighbours.
Contour Drawn(const Contour& contour, double part) {
  Contour drawn(contour.size());
  for (size_t n = 0; n < contour.size(); ++n) {
    const Picture::Point& at = contour[n];
    const Picture::Point &before = contour[n == 0 ? contour.size() - 1 : n - 1],
                         &after = contour[(n + 1) % contour.size()];
    drawn[n] = {at.x + part * ((before.x + after.x) / 2 - at.x),
                at.y + part * ((before.y + after.y) / 2 - at.y)};
  }
  return drawn;
}

// Taubin: a step inwards and a slightly larger one outwards remove what is short and leave what is long.
Contour Smoothed(const Contour& contour) {
  constexpr double kIn = 0.5, kOut = -0.53;
  if (contour.size() < kLeastPoints) return contour;
  Contour smooth = contour;
  for (int n = 0; n < kSmoothings; ++n) smooth = Drawn(Drawn(smooth, kIn), kOut);
  for (size_t n = 0; n < contour.size(); ++n) {
    const auto near = [](double moved, double from) {
      return std::clamp(moved, from - kMostMoved, from + kMostMoved);
    };
    smooth[n] = {near(smooth[n].x, contour[n].x), near(smooth[n].y, contour[n].y)};
  }
  return smooth;
}

Contour WithCornersCut(const Contour& contour) {
  Contour cut;
  cut.reserve(2 * contour.size());
  for (size_t n = 0; n < contour.size(); ++n) {
    const Picture::Point &a = contour[n], &b = contour[(n + 1) % contour.size()];
    cut.push_back({0.75 * a.x + 0.25 * b.x, 0.75 * a.y + 0.25 * b.y});
    cut.push_back({0.25 * a.x + 0.75 * b.x, 0.25 * a.y + 0.75 * b.y});
  }
  return cut;
}

}  // namespace

std::vector<Contour> FindContours(const PlaneSamples& samples) {
  std::vector<Contour> contours = Tracer(samples).Run();
  for (Contour& contour : contours) {
    contour = Smoothed(contour);
    for (int n = 0; n < kCuts; ++n) contour = WithCornersCut(contour);
  }
  return contours;
}

}  // namespace sgpsam::cli
