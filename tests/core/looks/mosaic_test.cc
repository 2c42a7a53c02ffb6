#include "core/looks/mosaic.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <functional>

#include "core/engine/engine.h"
#include "core/looks/look_policy.h"
#include "core/transform/restore.h"
#include "tests/support/synthetic_volume.h"

namespace sgpsam {
namespace {

using ::testing::Contains;
using ::testing::Each;
using ::testing::Optional;

// Cells of 4 voxels, 8 to a side.
constexpr PatchSizes kSizes{.patch = 32, .embedding_channels = 4, .embedding_side = 2, .logits_side = 8};

// Canonical axes are the volume's own.
Geometry Volume1(const Shape& shape) {
  return SteppedGeometry(shape, {{{-1.5, 0, 0}, {0, -1.5, 0}, {0, 0, 1.5}}});
}

// A tile whose logit in cell i, j, k of its own is logit(i, j, k).
Tile TileAt(const TilePosition& at, const std::function<double(int64_t, int64_t, int64_t)>& logit) {
  Tile tile;
  tile.at = at;
  for (int64_t i = 0; i < 8; ++i) {
    for (int64_t j = 0; j < 8; ++j) {
      for (int64_t k = 0; k < 8; ++k) tile.logits.push_back(static_cast<float>(logit(i, j, k)));
    }
  }
  return tile;
}
Tile Constant(const TilePosition& at, double logit) {
  return TileAt(at, [=](int64_t, int64_t, int64_t) { return logit; });
}

class MosaicTest : public testing::Test {
 protected:
  static Placement Place(const Geometry& geometry, const std::array<int64_t, 3>& begin) {
    return PlaceAtBegin(geometry, begin, kSizes.patch, kUsualSpacingMm);
  }
  float ValueAt(const LogitsBox& box, int64_t i, int64_t j, int64_t k) const {
    return box.values[box.Offset(i, j, k)];
  }

  const Geometry geometry_ = Volume1({200, 200, 200});
  const Placement first_ = Place(geometry_, {80, 80, 80});
};

TEST_F(MosaicTest, LaysTilesHalfAPatchApart) {
  const Placement tile = PlaceTile(first_, {2, -1, 0});
  EXPECT_EQ(tile.begin, (std::array<int64_t, 3>{112, 64, 80}));
  EXPECT_EQ(tile.patch, 32);
}

TEST_F(MosaicTest, LeavesOneTileAsItIs) {
  const Tile tile = TileAt({}, [](int64_t i, int64_t j, int64_t k) { return 0.1 * (i - 2 * j + k); });
  const LogitsBox merged = MergeTiles(first_, {tile}, kSizes);
  EXPECT_EQ(merged.values, tile.logits);
  EXPECT_EQ(merged.placement.begin, first_.begin);
  EXPECT_TRUE(merged.seen.empty());
}

TEST_F(MosaicTest, FadesFromOneTileToTheNext) {
  const LogitsBox merged = MergeTiles(first_, {Constant({}, 3), Constant({-1, 0, 0}, -1)}, kSizes);
  EXPECT_EQ(merged.placement.begin, (std::array<int64_t, 3>{64, 80, 80}));
  EXPECT_EQ(merged.cells, (std::array<int64_t, 3>{12, 8, 8}));
  EXPECT_EQ(merged.voxels, (std::array<int64_t, 3>{48, 32, 32}));
  for (int64_t j = 0; j < 8; ++j) {
    for (int64_t k = 0; k < 8; ++k) {
      for (int64_t i = 0; i < 4; ++i) EXPECT_EQ(ValueAt(merged, i, j, k), -1);
      for (int64_t i = 8; i < 12; ++i) EXPECT_EQ(ValueAt(merged, i, j, k), 3);
      // Their middles at cells 4 and 8 of the box: the share of the first grows from 1/8 by 1/4.
      for (int64_t i = 4; i < 8; ++i) {
        const double share = (static_cast<double>(i) - 3.5) / 4;
        EXPECT_FLOAT_EQ(ValueAt(merged, i, j, k), static_cast<float>(share * 3 - (1 - share)));
      }
    }
  }
}

TEST_F(MosaicTest, KeepsTheBitsOfWhatOnlyOneTileSaw) {
  const auto odd = [](int64_t i, int64_t j, int64_t k) { return 1.0 / (3 + i) + 0.7 * j + 0.01 * k; };
  const LogitsBox merged = MergeTiles(first_, {TileAt({}, odd), Constant({1, 0, 0}, 1)}, kSizes);
  for (int64_t i = 0; i < 4; ++i) {
    EXPECT_EQ(ValueAt(merged, i, 5, 6), static_cast<float>(odd(i, 5, 6)));
  }
}

TEST_F(MosaicTest, KnowsWhatNoTileSaw) {
  const LogitsBox merged =
      MergeTiles(first_, {Constant({}, 1), Constant({1, 0, 0}, 1), Constant({0, 1, 0}, 1)}, kSizes);
  EXPECT_EQ(merged.cells, (std::array<int64_t, 3>{12, 12, 8}));
  EXPECT_TRUE(merged.Seen(11, 7, 0));
  EXPECT_TRUE(merged.Seen(7, 11, 0));
  EXPECT_FALSE(merged.Seen(8, 8, 0));
  EXPECT_FALSE(merged.Seen(12, 0, 0));
  EXPECT_EQ(ValueAt(merged, 8, 8, 0), 0);
  // So the mask ends sharply at the corner.
  const RestoredMask restored = RestoreMask(merged, geometry_);
  EXPECT_EQ(restored.mask.CountVoxels(), (48u * 48 - 16 * 16) * 32);
  EXPECT_TRUE(restored.touches_patch_border);
}

TEST_F(MosaicTest, TurnsAwayWhatIsNotConnectedToTheFirstAnswer) {
  // The first tile's answer reaches its cell 5; the next one sees it, and another lesion apart.
  const Tile first = TileAt({}, [](int64_t i, int64_t, int64_t) { return i >= 2 && i <= 5 ? 2 : -2; });
  const Tile next = TileAt({1, 0, 0}, [](int64_t i, int64_t, int64_t) { return i <= 1 || i == 5 ? 2 : -2; });
  const LogitsBox merged = MergeTiles(first_, {first, next}, kSizes);
  EXPECT_EQ(ValueAt(merged, 5, 3, 3), 2);
  EXPECT_EQ(ValueAt(merged, 9, 3, 3), -2);  // was 2
  // Connected over an edge it stays.
  const Tile edge = TileAt({1, 0, 0}, [](int64_t i, int64_t j, int64_t) {
    return i <= 1 || (i == 2 && j == 4) || (i == 3 && j == 5) || (i == 4 && j == 6) ? 2 : -2;
  });
  EXPECT_EQ(ValueAt(MergeTiles(first_, {first, edge}, kSizes), 8, 6, 3), 2);
}

class NextTileTest : public MosaicTest {
 protected:
  // The face-by-face order in which patches are laid around `tiles`, all answered by `answer`.
  std::vector<TilePosition> Lay(const Placement& first, Tile tile, size_t most,
                                const std::function<Tile(const TilePosition&)>& answer) {
    std::vector<Tile> tiles{std::move(tile)};
    std::vector<TilePosition> tried{{0, 0, 0}};
    while (tried.size() < most) {
      const auto next = NextTile(MergeTiles(first, tiles, kSizes), first, tiles, tried);
      if (!next) break;
      tried.push_back(*next);
      tiles.push_back(answer(*next));
    }
    return tried;
  }
};

TEST_F(NextTileTest, NeedsALesionAtAFace) {
  const Tile inner = TileAt({}, [](int64_t i, int64_t, int64_t) { return i == 4 ? 1 : -1; });
  // It reaches the four faces along i; the two across it stay shut.
  const auto laid = Lay(first_, inner, 5, [](const TilePosition& at) { return Constant(at, -0.1); });
  EXPECT_THAT(laid, testing::ElementsAre(TilePosition{0, 0, 0}, TilePosition{0, -1, 0}, TilePosition{0, 1, 0},
                                         TilePosition{0, 0, -1}, TilePosition{0, 0, 1}));
  const Tile cube = TileAt({}, [](int64_t i, int64_t j, int64_t k) {
    return std::min({i, j, k}) > 0 && std::max({i, j, k}) < 7 ? 1 : -1;
  });
  EXPECT_EQ(NextTile(MergeTiles(first_, {cube}, kSizes), first_, {cube}, {{0, 0, 0}}), std::nullopt);
}

TEST_F(NextTileTest, FollowsARodToItsEnd) {
  // Cells j, k in the middle; along i to canonical voxel 180.
  const auto rod = [&](const TilePosition& at) {
    return TileAt(at, [&](int64_t i, int64_t j, int64_t k) {
      const int64_t voxel = PlaceTile(first_, at).begin[0] + 4 * i;
      return at[1] == 0 && at[2] == 0 && j == 4 && k == 4 && voxel >= 90 && voxel < 180 ? 5 : -5;
    });
  };
  const auto laid = Lay(first_, rod({0, 0, 0}), 27, rod);
  ASSERT_EQ(laid.size(), 6u);
  for (int n = 0; n < 6; ++n) EXPECT_EQ(laid[n], (TilePosition{n, 0, 0}));
}

TEST_F(NextTileTest, GoesNoFurtherThanTheLimit) {
  const Placement first = Place(Volume1({800, 200, 200}), {80, 80, 80});
  const auto endless = [&](const TilePosition& at) {
    return TileAt(at, [&](int64_t, int64_t j, int64_t k) {
      return at[1] == 0 && at[2] == 0 && j == 4 && k == 4 ? 5 : -5;
    });
  };
  const auto laid = Lay(first, endless({0, 0, 0}), 27, endless);
  for (const TilePosition& at : laid) EXPECT_TRUE(MayLieAt(at));
  EXPECT_THAT(laid, Contains(TilePosition{kLookPolicy.farthest_tile, 0, 0}));
  EXPECT_FALSE(MayLieAt({0, 0, kLookPolicy.farthest_tile + 1}));
  EXPECT_FALSE(MayLieAt({0, -kLookPolicy.farthest_tile - 1, 0}));
}

// Of tiles half a patch, 16 voxels, apart.
TEST_F(MosaicTest, FindsTheTileAroundAVoxel) {
  EXPECT_EQ(NearestTile(first_, {16, 16, 16}), (TilePosition{0, 0, 0}));
  EXPECT_EQ(NearestTile(first_, {23, 25, 33}), (TilePosition{0, 1, 1}));
  EXPECT_EQ(NearestTile(first_, {-30, 100, 16}), (TilePosition{-3, 5, 0}));
}

TEST_F(NextTileTest, LaysBreadthFirstAndOnlyWhereNothingWasSeen) {
  const auto all = [](const TilePosition& at) { return Constant(at, 1); };
  const auto laid = Lay(first_, all({}), 27, all);
  ASSERT_EQ(laid.size(), 27u);
  // The first one's six faces; then those of the second, of which three lie beyond what was seen in part
  // only.
  EXPECT_EQ(laid[1], (TilePosition{-1, 0, 0}));
  EXPECT_EQ(laid[6], (TilePosition{0, 0, 1}));
  EXPECT_EQ(laid[7], (TilePosition{-2, 0, 0}));
  EXPECT_EQ(laid[8], (TilePosition{-1, -1, 0}));
  EXPECT_EQ(Lay(first_, all({}), 27, all), laid);
}

TEST_F(NextTileTest, StaysInTheVolume) {
  const Geometry small = Volume1({40, 32, 20});
  const Placement first = Place(small, {4, 0, -6});
  const auto all = [](const TilePosition& at) { return Constant(at, 1); };
  const auto laid = Lay(first, all({}), 27, all);
  // i from 4 to 36: goes on on both sides; j as large as the patch, k smaller.
  EXPECT_THAT(laid,
              testing::ElementsAre(TilePosition{0, 0, 0}, TilePosition{-1, 0, 0}, TilePosition{1, 0, 0}));
}

TEST_F(NextTileTest, IgnoresWhatLiesBesideTheVolume) {
  // The volume begins at the patch's voxel 16 along i; only cells far outside of it are marked.
  const Placement first = Place(Volume1({200, 200, 200}), {-16, 80, 80});
  const Tile tile = TileAt({}, [](int64_t i, int64_t, int64_t) { return i < 2 ? 1 : -1; });
  EXPECT_EQ(NextTile(MergeTiles(first, {tile}, kSizes), first, {tile}, {{0, 0, 0}}), std::nullopt);
}

TEST_F(NextTileTest, FollowsWhatWasClickedAndNotWhatIsBesideIt) {
  // Two rods along i, both reaching the face +i; one reaches -j too.
  Tile tile = TileAt({}, [](int64_t i, int64_t j, int64_t k) {
    if (k != 4) return -1;
    return (j == 4 && i >= 3 && i <= 6) || j == 0 ? 1 : -1;
  });
  const auto next = [&] { return NextTile(MergeTiles(first_, {tile}, kSizes), first_, {tile}, {{0, 0, 0}}); };
  EXPECT_THAT(next(), Optional(TilePosition{-1, 0, 0}));  // nothing clicked: whatever there is
  tile.clicks = {{18, 18, 18, true}, {2, 2, 18, false}};
  EXPECT_EQ(next(), std::nullopt);
  tile.clicks.push_back({18, 2, 18, true});
  EXPECT_THAT(next(), Optional(TilePosition{-1, 0, 0}));
  tile.clicks = {{18, 18, 2, true}};  // hits nothing
  EXPECT_THAT(next(), Optional(TilePosition{-1, 0, 0}));
}

TEST_F(NextTileTest, NeverAsksForWhatWasTried) {
  const Tile tile = Constant({}, 1);
  std::vector<TilePosition> tried{{0, 0, 0}};
  while (const auto next = NextTile(MergeTiles(first_, {tile}, kSizes), first_, {tile}, tried)) {
    ASSERT_EQ(std::count(tried.begin(), tried.end(), *next), 0);
    tried.push_back(*next);
  }
  EXPECT_EQ(tried.size(), 7u);
}

TEST_F(MosaicTest, ComparesATileWithWhatWasFoundBefore) {
  const LogitsBox merged = MergeTiles(
      first_, {TileAt({}, [](int64_t i, int64_t j, int64_t) { return i >= 5 && j == 4 ? 1 : -1; })}, kSizes);
  const auto line = [](int64_t from, int64_t at) {
    return TileAt({1, 0, 0}, [=](int64_t i, int64_t j, int64_t) { return i >= from && j == at ? 1 : -1; });
  };
  EXPECT_EQ(Agreement(merged, first_, line(1, 4)), 1);    // what lies beyond the first tile does not count
  EXPECT_EQ(Agreement(merged, first_, line(3, 4)), 0.5);  // one of three cells
  EXPECT_EQ(Agreement(merged, first_, line(4, 4)), 0);    // begins where the first one ends
  EXPECT_EQ(Agreement(merged, first_, line(0, 5)), 0);    // next to it
  EXPECT_EQ(Agreement(merged, first_, Constant({1, 0, 0}, -1)), 0);
  EXPECT_EQ(Agreement(MergeTiles(first_, {Constant({}, -1)}, kSizes), first_, Constant({1, 0, 0}, -1)), 0);
}

TEST_F(MosaicTest, HoldsTwentySevenTilesInARow) {
  std::vector<Tile> tiles;
  for (int n = 0; n < 27; ++n) tiles.push_back(Constant({n, 0, n}, 1));
  const LogitsBox merged = MergeTiles(first_, tiles, kSizes);
  EXPECT_EQ(merged.cells[0], 26 * 4 + 8);
  EXPECT_EQ(merged.cells[2], 26 * 4 + 8);
  EXPECT_TRUE(merged.Seen(merged.cells[0] - 1, 7, merged.cells[2] - 1));
  EXPECT_THAT(merged.values, Each(testing::AnyOf(0.0f, 1.0f)));
}

}  // namespace
}  // namespace sgpsam
