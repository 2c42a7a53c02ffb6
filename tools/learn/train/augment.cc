#include "tools/learn/train/augment.h"

#include <ATen/ATen.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <numbers>
#include <optional>
#include <vector>

#include "tools/learn/train/normal_noise.h"

namespace sgpsam {
namespace {

constexpr double kMostTurn = 25 * std::numbers::pi / 180, kMostStretch = 0.2;
constexpr double kLeastLeft = 0.5;  // of a truth's voxels, after a turn
constexpr int64_t kSpatial = 3;

using Matrix3 = std::array<std::array<double, 3>, 3>;

double Within(double range, Random& random) { return range * (2 * random.Uniform() - 1); }

bool Happens(double chance, Random& random) { return chance > 0 && random.Uniform() < chance; }

std::array<float*, 3> Coordinates(Click& click) { return {&click.i, &click.j, &click.k}; }

void Flip(Random& random, Example& example) {
  std::vector<int64_t> axes;
  for (int64_t axis = 0; axis < kSpatial; ++axis) {
    if (random.Below(2) == 1)
      axes.push_back(axis - kSpatial);  // counted from the last, channels before them or not
  }
  if (axes.empty()) return;
  const auto last = static_cast<float>(example.patch.size(-1) - 1);
  example.patch = example.patch.flip(axes);
  if (example.kinds.defined()) example.kinds = example.kinds.flip(axes);
  for (ExampleTarget& target : example.targets) {
    target.truth = target.truth.flip(axes);
    for (const int64_t axis : axes) {
      float& coordinate = *Coordinates(target.click)[axis + kSpatial];
      coordinate = last - coordinate;
    }
  }
}

void Exchange(Random& random, Example& example) {
  std::vector<int64_t> order = {0, 1, 2};
  for (size_t n = 2; n > 0; --n) std::swap(order[n], order[random.Below(n + 1)]);
  example.patch = example.patch.permute({0, order[0] + 1, order[1] + 1, order[2] + 1}).contiguous();
  if (example.kinds.defined()) example.kinds = example.kinds.permute(order).contiguous();
  for (ExampleTarget& target : example.targets) {
    target.truth = target.truth.permute(order).contiguous();
    const std::array<float, 3> at = {target.click.i, target.click.j, target.click.k};
    for (size_t axis = 0; axis < 3; ++axis) *Coordinates(target.click)[axis] = at[order[axis]];
  }
}

Matrix3 Multiply(const Matrix3& a, const Matrix3& b) {
  Matrix3 product{};
  for (int r = 0; r < 3; ++r) {
    for (int c = 0; c < 3; ++c) {
      for (int n = 0; n < 3; ++n) product[r][c] += a[r][n] * b[n][c];
    }
  }
  return product;
}

// From places after the turn, relative to the patch's middle, to places before it.
Matrix3 DrawTurn(Random& random) {
  Matrix3 turn{};
  for (int a = 0; a < 3; ++a) turn[a][a] = 1 + Within(kMostStretch, random);
  for (int axis = 0; axis < 3; ++axis) {
    const double angle = Within(kMostTurn, random);
    const int u = (axis + 1) % 3, v = (axis + 2) % 3;
    Matrix3 about{};
    about[axis][axis] = 1;
    about[u][u] = about[v][v] = std::cos(angle);
    about[u][v] = -std::sin(angle);
    about[v][u] = std::sin(angle);
    turn = Multiply(about, turn);
  }
  return turn;
}

// at [1, n, n, n, 3], as grid_sampler takes them: the fastest axis first, -1 to 1.
at::Tensor Grid(const Matrix3& turn, int64_t side) {
  at::Tensor matrix = at::empty({1, 3, 4});
  auto values = matrix.accessor<float, 3>();
  for (int r = 0; r < 3; ++r) {
    for (int c = 0; c < 3; ++c) values[0][r][c] = static_cast<float>(turn[2 - r][2 - c]);
    values[0][r][3] = 0;
  }
  return at::affine_grid_generator(matrix, {1, 1, side, side, side}, /*align_corners=*/false);
}

// volume [c, n, n, n]
at::Tensor Sample(const at::Tensor& volume, const at::Tensor& grid, bool nearest, bool edge) {
  const int64_t mode = nearest ? 1 : 0, padding = edge ? 1 : 0;  // of at::native's enumerations
  return at::grid_sampler_3d(volume.unsqueeze(0), grid, mode, padding, /*align_corners=*/false).squeeze(0);
}

// Where a click lies after the turn: the voxel of the truth that comes from nearest to the clicked one;
// nothing if too little of the truth is left.
std::optional<Click> TurnClick(const Click& click, const at::Tensor& before, const at::Tensor& after,
                               const at::Tensor& grid) {
  const at::Tensor inside = after.gt(0.5);
  if (inside.sum().item<double>() < kLeastLeft * before.sum().item<double>()) return std::nullopt;
  const double side = static_cast<double>(before.size(0));
  const auto place = [&](float voxel) { return (2 * static_cast<double>(voxel) + 1) / side - 1; };
  const at::Tensor from = at::tensor({place(click.k), place(click.j), place(click.i)}, at::kFloat);
  const at::Tensor distance =
      (grid.squeeze(0) - from).square().sum(-1).masked_fill(inside.logical_not(), 1e9);
  const int64_t n = distance.argmin().item<int64_t>(), cells = before.size(0);
  return Click{static_cast<float>(n / cells / cells), static_cast<float>(n / cells % cells),
               static_cast<float>(n % cells), click.positive};
}

void Turn(Random& random, Example& example) {
  const Matrix3 turn = DrawTurn(random);
  const at::Tensor grid = Grid(turn, example.patch.size(-1));
  std::vector<ExampleTarget> turned;
  for (const ExampleTarget& target : example.targets) {
    const at::Tensor truth =
        Sample(target.truth.unsqueeze(0), grid, /*nearest=*/true, /*edge=*/false).squeeze(0);
    const std::optional<Click> click = TurnClick(target.click, target.truth, truth, grid);
    if (!click) return;
    turned.push_back({truth, *click});
  }
  example.targets = std::move(turned);
  example.patch = Sample(example.patch, grid, /*nearest=*/false, /*edge=*/true);
  if (!example.kinds.defined()) return;
  const at::Tensor coarse = Grid(turn, example.kinds.size(-1));
  example.kinds = Sample(example.kinds.to(at::kFloat).unsqueeze(0), coarse, /*nearest=*/true, /*edge=*/false)
                      .squeeze(0)
                      .to(at::kLong);
}

at::Tensor Blur(const at::Tensor& patch, double share) {
  const at::Tensor mean =
      at::avg_pool3d(patch.unsqueeze(0), {3, 3, 3}, {1, 1, 1}, {1, 1, 1}, /*ceil_mode=*/false,
                     /*count_include_pad=*/false);
  return patch * (1 - share) + mean.squeeze(0) * share;
}

at::Tensor ThickenSlices(const at::Tensor& patch, Random& random) {
  std::vector<int64_t> kernel = {1, 1, 1};
  kernel[random.Below(3)] = 2 + static_cast<int64_t>(random.Below(3));
  const int64_t side = patch.size(-1);
  const at::Tensor thick =
      at::avg_pool3d(patch.unsqueeze(0), kernel, /*stride=*/{}, /*padding=*/0, /*ceil_mode=*/true);
  return at::upsample_trilinear3d(thick, {side, side, side}, /*align_corners=*/false).squeeze(0);
}

// One draw a statement: within an expression their order would be the compiler's choice.
void ChangeIntensities(const AugmentOptions& options, Random& random, at::Tensor& patch) {
  const double offset = Within(options.offset, random);
  const double gain = 1 + Within(options.gain, random);
  if (options.gamma > 0 && options.limit > 0) {
    const double gamma = std::exp(Within(options.gamma, random));
    patch = 2 * ((patch / options.limit + 1) / 2).clamp(0, 1).pow(gamma) - 1;
    patch = patch * options.limit;
  }
  patch = patch * gain + offset;
  if (Happens(options.blur, random)) patch = Blur(patch, random.Uniform());
  if (Happens(options.thick_slices, random)) patch = ThickenSlices(patch, random);
  if (options.noise > 0) {
    const double strength = options.noise * random.Uniform();
    patch = patch + NormalNoise(patch, random) * strength;
  }
  if (options.limit > 0) patch = patch.clamp(-options.limit, options.limit);
}

}  // namespace

void Augment(const AugmentOptions& options, Random& random, Example& example) {
  if (options.flip) Flip(random, example);
  if (options.exchange) Exchange(random, example);
  if (Happens(options.turn, random)) Turn(random, example);
  ChangeIntensities(options, random, example.patch);
}

}  // namespace sgpsam
