#include "core/looks/mosaic.h"

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <cstdlib>

#include "core/looks/look_policy.h"

namespace sgpsam {
namespace {

using Cell = std::array<int64_t, 3>;

// Where a tile's cells begin in the box.
Cell Corner(const LogitsBox& box, const Placement& first, const TilePosition& at) {
  const Placement placement = PlaceTile(first, at);
  Cell corner{};
  for (int a = 0; a < 3; ++a) corner[a] = (placement.begin[a] - box.placement.begin[a]) / box.cell_voxels();
  return corner;
}

// The box around all tiles, without values.
LogitsBox BoxAround(const Placement& first, absl::Span<const Tile> tiles, const PatchSizes& sizes) {
  TilePosition low{}, high{};
  for (const Tile& tile : tiles) {
    for (int a = 0; a < 3; ++a) {
      low[a] = std::min(low[a], tile.at[a]);
      high[a] = std::max(high[a], tile.at[a]);
    }
  }
  LogitsBox box;
  box.placement = PlaceTile(first, low);
  for (int a = 0; a < 3; ++a) {
    const int64_t halves = high[a] - low[a] + 2;
    box.voxels[a] = halves * sizes.patch / 2;
    box.cells[a] = halves * sizes.logits_side / 2;
  }
  const size_t count = static_cast<size_t>(box.cells[0] * box.cells[1] * box.cells[2]);
  box.values.assign(count, 0.0f);
  box.seen.assign(count, 0);
  return box;
}

// Weights by cell along one axis: from almost 0 at the faces to almost 1 in the middle.
std::vector<double> Fade(int64_t side) {
  std::vector<double> weights(side);
  for (int64_t c = 0; c < side; ++c) {
    weights[c] = 1 - std::abs((2 * static_cast<double>(c) + 1) / static_cast<double>(side) - 1);
  }
  return weights;
}

// Adds plane i of the box, as far as the tile covers it. In double, a cell of one tile alone keeps its bits.
void AddPlane(const Tile& tile, const Cell& corner, int64_t i, const LogitsBox& box,
              const std::vector<double>& fade, std::vector<double>& sums, std::vector<double>& weights) {
  const int64_t side = static_cast<int64_t>(fade.size());
  const int64_t ti = i - corner[0];
  if (ti < 0 || ti >= side) return;
  for (int64_t tj = 0; tj < side; ++tj) {
    const float* from = tile.logits.data() + (ti * side + tj) * side;
    const int64_t to = (corner[1] + tj) * box.cells[2] + corner[2];
    for (int64_t tk = 0; tk < side; ++tk) {
      const double weight = fade[ti] * fade[tj] * fade[tk];
      sums[to + tk] += weight * static_cast<double>(from[tk]);
      weights[to + tk] += weight;
    }
  }
}

void Average(const Placement& first, absl::Span<const Tile> tiles, int64_t side, LogitsBox& box) {
  const std::vector<double> fade = Fade(side);
  const int64_t plane = box.cells[1] * box.cells[2];
  std::vector<double> sums(plane), weights(plane);
  for (int64_t i = 0; i < box.cells[0]; ++i) {
    std::fill(sums.begin(), sums.end(), 0.0);
    std::fill(weights.begin(), weights.end(), 0.0);
    for (const Tile& tile : tiles) {
      AddPlane(tile, Corner(box, first, tile.at), i, box, fade, sums, weights);
    }
    for (int64_t n = 0; n < plane; ++n) {
      if (weights[n] == 0) continue;
      box.values[i * plane + n] = static_cast<float>(sums[n] / weights[n]);
      box.seen[i * plane + n] = 1;
    }
  }
}

bool Inside(const LogitsBox& box, const Cell& cell) {
  return box.Seen(cell[0], cell[1], cell[2]) && box.values[box.Offset(cell[0], cell[1], cell[2])] > 0;
}

// The cells above 0 that are connected to `seeds` over 26 neighbours, 1 each; `seeds` are such cells.
std::vector<uint8_t> Flood(const LogitsBox& box, std::vector<Cell> seeds) {
  std::vector<uint8_t> reached(box.values.size());
  for (const Cell& seed : seeds) reached[box.Offset(seed[0], seed[1], seed[2])] = 1;
  while (!seeds.empty()) {
    const Cell cell = seeds.back();
    seeds.pop_back();
    for (int n = 0; n < 27; ++n) {
      const Cell next{cell[0] + n / 9 - 1, cell[1] + n / 3 % 3 - 1, cell[2] + n % 3 - 1};
      if (!Inside(box, next)) continue;
      uint8_t& mark = reached[box.Offset(next[0], next[1], next[2])];
      if (mark != 0) continue;
      mark = 1;
      seeds.push_back(next);
    }
  }
  return reached;
}

// The marked cells that positive clicks lie in.
std::vector<Cell> ClickedCells(const LogitsBox& box, const Placement& first, absl::Span<const Tile> tiles) {
  std::vector<Cell> cells;
  for (const Tile& tile : tiles) {
    const Cell corner = Corner(box, first, tile.at);
    for (const Click& click : tile.clicks) {
      const auto cell_of = [&](float voxel) { return static_cast<int64_t>(voxel) / box.cell_voxels(); };
      const Cell cell{corner[0] + cell_of(click.i), corner[1] + cell_of(click.j),
                      corner[2] + cell_of(click.k)};
      if (click.positive && Inside(box, cell)) cells.push_back(cell);
    }
  }
  return cells;
}

void KeepConnected(const Placement& first, absl::Span<const Tile> tiles, int64_t side, LogitsBox& box) {
  const Cell corner = Corner(box, first, tiles[0].at);
  std::vector<Cell> seeds = ClickedCells(box, first, tiles);
  for (int64_t n = 0; n < side * side * side; ++n) {
    if (tiles[0].logits[n] <= 0) continue;
    const Cell cell{corner[0] + n / (side * side), corner[1] + n / side % side, corner[2] + n % side};
    if (Inside(box, cell)) seeds.push_back(cell);
  }
  const std::vector<uint8_t> kept = Flood(box, std::move(seeds));
  for (size_t n = 0; n < kept.size(); ++n) {
    if (box.values[n] > 0 && kept[n] == 0) box.values[n] = -box.values[n];
  }
}

// What to follow: connected to the positive clicks, or all.
std::vector<uint8_t> Lesion(const LogitsBox& merged, const Placement& first, absl::Span<const Tile> tiles) {
  std::vector<Cell> seeds = ClickedCells(merged, first, tiles);
  if (!seeds.empty()) return Flood(merged, std::move(seeds));
  std::vector<uint8_t> all(merged.values.size());
  for (size_t n = 0; n < all.size(); ++n) {
    all[n] = merged.values[n] > 0 && (merged.seen.empty() || merged.seen[n] != 0) ? 1 : 0;
  }
  return all;
}

// Whether voxels of a cell or of its neighbours lie in the volume along an axis: so far upsampling reaches.
bool NearVolume(const LogitsBox& box, int axis, int64_t cell) {
  const int64_t side = box.cell_voxels();
  const int64_t begin = box.placement.begin[axis] + cell * side;
  return begin + 2 * side > 0 && begin - side < box.placement.grid.shape[axis];
}

// Whether the lesion may go on beyond one face of the tile whose cells begin at `corner`.
bool FaceOpen(const LogitsBox& box, const std::vector<uint8_t>& lesion, const Cell& corner, int64_t side,
              int axis, int direction) {
  const int64_t layer = corner[axis] + (direction > 0 ? side - 1 : 0);
  const int64_t cell_voxels = box.cell_voxels();
  const int64_t behind =
      box.placement.begin[axis] + (direction > 0 ? (layer + 1) * cell_voxels : layer * cell_voxels - 1);
  if (behind < 0 || behind >= box.placement.grid.shape[axis]) return false;
  const int u = (axis + 1) % 3, v = (axis + 2) % 3;
  Cell cell{};
  cell[axis] = layer;
  for (cell[u] = corner[u]; cell[u] < corner[u] + side; ++cell[u]) {
    for (cell[v] = corner[v]; cell[v] < corner[v] + side; ++cell[v]) {
      if (lesion[box.Offset(cell[0], cell[1], cell[2])] == 0) continue;
      Cell next = cell;
      next[axis] += direction;
      if (box.Seen(next[0], next[1], next[2])) continue;
      if (NearVolume(box, u, cell[u]) && NearVolume(box, v, cell[v])) return true;
    }
  }
  return false;
}

}  // namespace

Placement PlaceTile(const Placement& first, const TilePosition& at) {
  Placement placement = first;
  for (int a = 0; a < 3; ++a) placement.begin[a] += at[a] * (first.patch / 2);
  return placement;
}

bool MayLieAt(const TilePosition& at) {
  return std::all_of(at.begin(), at.end(),
                     [](int halves) { return std::abs(halves) <= kLookPolicy.farthest_tile; });
}

TilePosition NearestTile(const Placement& first, const std::array<double, 3>& patch_voxel) {
  const double half = static_cast<double>(first.patch) / 2;
  TilePosition at{};
  for (int a = 0; a < 3; ++a) at[a] = static_cast<int>(std::lround((patch_voxel[a] - half) / half));
  return at;
}

LogitsBox MergeTiles(const Placement& first, absl::Span<const Tile> tiles, const PatchSizes& sizes) {
  if (tiles.size() == 1) return OnePatch(tiles[0].logits, sizes, first);
  LogitsBox box = BoxAround(first, tiles, sizes);
  Average(first, tiles, sizes.logits_side, box);
  KeepConnected(first, tiles, sizes.logits_side, box);
  return box;
}

double Agreement(const LogitsBox& merged, const Placement& first, const Tile& tile) {
  const int64_t side = first.patch / merged.cell_voxels();
  const Cell corner = Corner(merged, first, tile.at);
  int64_t both = 0, sum = 0;
  for (int64_t n = 0; n < side * side * side; ++n) {
    const Cell cell{corner[0] + n / (side * side), corner[1] + n / side % side, corner[2] + n % side};
    if (!merged.Seen(cell[0], cell[1], cell[2])) continue;
    const bool before = Inside(merged, cell), now = tile.logits[n] > 0;
    both += before && now ? 1 : 0;
    sum += (before ? 1 : 0) + (now ? 1 : 0);
  }
  return sum > 0 ? 2 * static_cast<double>(both) / static_cast<double>(sum) : 0;
}

std::optional<TilePosition> NextTile(const LogitsBox& merged, const Placement& first,
                                     absl::Span<const Tile> tiles, absl::Span<const TilePosition> tried) {
  const std::vector<uint8_t> lesion = Lesion(merged, first, tiles);
  const int64_t side = first.patch / merged.cell_voxels();
  for (const Tile& tile : tiles) {
    const Cell corner = Corner(merged, first, tile.at);
    for (int axis = 0; axis < 3; ++axis) {
      for (const int direction : {-1, 1}) {
        TilePosition next = tile.at;
        next[axis] += direction;
        if (!MayLieAt(next) || std::find(tried.begin(), tried.end(), next) != tried.end()) continue;
        if (FaceOpen(merged, lesion, corner, side, axis, direction)) return next;
      }
    }
  }
  return std::nullopt;
}

}  // namespace sgpsam
