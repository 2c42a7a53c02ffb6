#include "tools/learn/cases/painted_cases.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <cstring>
#include <limits>
#include <optional>
#include <type_traits>
#include <vector>

#include "absl/strings/str_cat.h"
#include "core/base/byte_buffer.h"
#include "core/base/digest.h"
#include "core/base/status_macros.h"
#include "core/volume/voxel_runs.h"
#include "tools/synthesis/lesion_shape.h"

namespace sgpsam {
namespace {

using synthesis::BodyPoint;
using synthesis::LesionShape;

constexpr float kLeastMm = 3, kMostMm = 40;
constexpr double kLeastContrast = 0.7, kMostContrast = 6;  // standard deviations
constexpr int kAttempts = 20;                              // places for each lesion
constexpr uint64_t kLeastVoxels = 8;
constexpr int64_t kGap = 2;    // voxels between a painted lesion and any other target
constexpr double kSeen = 0.1;  // of the way from the lowest value to the high ones: below it there is nothing
constexpr size_t kLookedAt = 4096;  // voxels that tell low from high

uint64_t SeedOf(uint64_t seed, const std::string& id) {
  const Digest digest = Sha256::Of(absl::StrCat("paint ", seed, " ", id));
  uint64_t bits = 0;
  std::memcpy(&bits, digest.bytes.data(), sizeof(bits));
  return bits;
}

// The value from which on the image shows something.
double SeenFrom(const Volume& image, Random& random) {
  std::vector<double> values;
  const Shape& shape = image.geometry().shape();
  for (size_t n = 0; n < kLookedAt; ++n) {
    const auto i = static_cast<int64_t>(random.Below(static_cast<uint64_t>(shape.i))),
               j = static_cast<int64_t>(random.Below(static_cast<uint64_t>(shape.j))),
               k = static_cast<int64_t>(random.Below(static_cast<uint64_t>(shape.k)));
    values.push_back(image.at(i, j, k));
  }
  std::sort(values.begin(), values.end());
  return values.front() + kSeen * (values[values.size() * 95 / 100] - values.front());
}

struct Painted {
  Voxel voxel;
  bool labelled = false;
  double strength = 0;
};

// Where a lesion would lie, and what it would change.
class Place {
 public:
  Place(const Case& source, const Voxel& centre, const LesionShape& shape)
      : source_(source), spacing_(source.image.geometry().spacing_mm()), centre_(centre), shape_(shape) {
    const auto reach = [&](size_t axis) {
      return static_cast<int64_t>(std::ceil(shape.reach_mm() / spacing_[axis])) + kGap;
    };
    box_ = {{centre.i - reach(0), centre.j - reach(1), centre.k - reach(2)},
            {centre.i + reach(0) + 1, centre.j + reach(1) + 1, centre.k + reach(2) + 1}};
  }

  // Inside the volume, and without any target in reach.
  bool Free() const {
    const Shape& shape = source_.targets.geometry().shape();
    if (box_.begin.i < 0 || box_.begin.j < 0 || box_.begin.k < 0 || box_.end.i > shape.i ||
        box_.end.j > shape.j || box_.end.k > shape.k) {
      return false;
    }
    const auto* targets = reinterpret_cast<const uint16_t*>(source_.targets.samples().data());
    for (int64_t k = box_.begin.k; k < box_.end.k; ++k) {
      for (int64_t j = box_.begin.j; j < box_.end.j; ++j) {
        const uint16_t* row = targets + (k * shape.j + j) * shape.i;
        if (std::any_of(row + box_.begin.i, row + box_.end.i, [](uint16_t target) { return target != 0; })) {
          return false;
        }
      }
    }
    return true;
  }

  std::vector<Painted> Voxels() const {
    std::vector<Painted> voxels;
    for (int64_t k = box_.begin.k; k < box_.end.k; ++k) {
      for (int64_t j = box_.begin.j; j < box_.end.j; ++j) {
        for (int64_t i = box_.begin.i; i < box_.end.i; ++i) {
          const Painted painted = At({i, j, k});
          if (painted.labelled || painted.strength != 0) voxels.push_back(painted);
        }
      }
    }
    return voxels;
  }

 private:
  // The mean over the eighths of a voxel: slices can be thicker than the lesion's rim.
  Painted At(const Voxel& voxel) const {
    Painted painted{voxel};
    int inside = 0;
    for (int part = 0; part < 8; ++part) {
      const auto along = [&](int64_t from, int64_t to, size_t axis) {
        const double shift = ((part >> axis) & 1) == 0 ? -0.25 : 0.25;
        return static_cast<float>((static_cast<double>(to - from) + shift) * spacing_[axis]);
      };
      const BodyPoint p{along(centre_.i, voxel.i, 0), along(centre_.j, voxel.j, 1),
                        along(centre_.k, voxel.k, 2)};
      const float distance = shape_.Distance(p);
      const float opacity = std::clamp(0.5f - distance / shape_.edge_mm(), 0.0f, 1.0f);
      if (distance <= 0) ++inside;
      if (opacity > 0) painted.strength += opacity * shape_.Strength(p, distance) / 8;
    }
    painted.labelled = inside >= 4;
    return painted;
  }

  const Case& source_;
  const std::array<double, 3> spacing_;
  const Voxel centre_;
  const LesionShape& shape_;
  VoxelBox box_;
};

struct Surroundings {
  double mean = 0, deviation = 0;
};

Surroundings Measure(const Volume& image, const std::vector<Painted>& voxels) {
  double sum = 0, squares = 0;
  for (const Painted& painted : voxels) {
    const double value = image.at(painted.voxel.i, painted.voxel.j, painted.voxel.k);
    sum += value;
    squares += value * value;
  }
  const auto count = static_cast<double>(voxels.size());
  return {sum / count, std::sqrt(std::max(0.0, squares / count - sum / count * (sum / count)))};
}

// Adds to samples of any type, within its range.
template <typename T>
T Sum(T sample, double added) {
  const double sum = static_cast<double>(sample) + added;
  if constexpr (std::is_floating_point_v<T>) {
    return static_cast<T>(sum);
  } else {
    return static_cast<T>(std::clamp(std::round(sum), static_cast<double>(std::numeric_limits<T>::lowest()),
                                     static_cast<double>(std::numeric_limits<T>::max())));
  }
}

// What is painted into: copies of a case's samples.
struct Canvas {
  ByteBuffer image, targets;
};

absl::StatusOr<ByteBuffer> Copy(const ByteBuffer& bytes) {
  ASSIGN_OR_RETURN(ByteBuffer copy, ByteBuffer::Zeroed(bytes.size()));
  std::memcpy(copy.data(), bytes.data(), bytes.size());
  return copy;
}

void Paint(const Volume& image, const std::vector<Painted>& voxels, double contrast, uint16_t number,
           Canvas& canvas) {
  const Shape& shape = image.geometry().shape();
  auto* targets = reinterpret_cast<uint16_t*>(canvas.targets.data());
  VisitSamples(image, [&](const auto* typed) {
    using Sample = std::remove_cv_t<std::remove_pointer_t<decltype(typed)>>;
    auto* samples = reinterpret_cast<Sample*>(canvas.image.data());
    for (const Painted& painted : voxels) {
      const int64_t at = (painted.voxel.k * shape.j + painted.voxel.j) * shape.i + painted.voxel.i;
      samples[at] = Sum(samples[at], painted.strength * contrast);
      if (painted.labelled) targets[at] = number;
    }
  });
}

// Pieces of other targets stay the last ones.
void MakeRoomForNumber(uint16_t number, const Shape& shape, Canvas& canvas) {
  auto* targets = reinterpret_cast<uint16_t*>(canvas.targets.data());
  for (int64_t n = 0; n < shape.voxels(); ++n) {
    if (targets[n] >= number) ++targets[n];
  }
}

absl::StatusOr<Case> WithCanvas(Case source, Canvas canvas) {
  ASSIGN_OR_RETURN(source.image, Volume::Create(source.image.geometry(), source.image.sample_type(),
                                                std::move(canvas.image)));
  ASSIGN_OR_RETURN(source.targets,
                   Volume::Create(source.targets.geometry(), SampleType::kUint16, std::move(canvas.targets)));
  return source;
}

// A lesion at a random place where there is room and something to see; false if a few attempts find none.
absl::StatusOr<bool> PaintOne(double seen_from, Random& random, Case& source) {
  const Shape& shape = source.image.geometry().shape();
  const auto any = [&](int64_t size) {
    return static_cast<int64_t>(random.Below(static_cast<uint64_t>(size)));
  };
  for (int attempt = 0; attempt < kAttempts; ++attempt) {
    const auto diameter = static_cast<float>(kLeastMm * std::pow(kMostMm / kLeastMm, random.Uniform()));
    const double sign = random.Below(2) == 0 ? -1 : 1;
    const LesionShape lesion(diameter, static_cast<float>(sign), synthesis::Random(random.Next()));
    const int64_t i = any(shape.i), j = any(shape.j), k = any(shape.k);
    const double contrast =
        sign * kLeastContrast * std::pow(kMostContrast / kLeastContrast, random.Uniform());
    const Place place(source, {i, j, k}, lesion);
    if (!place.Free()) continue;
    const std::vector<Painted> voxels = place.Voxels();
    const auto labelled =
        std::count_if(voxels.begin(), voxels.end(), [](const Painted& p) { return p.labelled; });
    if (static_cast<uint64_t>(labelled) < kLeastVoxels) continue;
    const Surroundings around = Measure(source.image, voxels);
    if (around.mean < seen_from || around.deviation <= 0) continue;
    Canvas canvas;
    ASSIGN_OR_RETURN(canvas.image, Copy(source.image.samples()));
    ASSIGN_OR_RETURN(canvas.targets, Copy(source.targets.samples()));
    const auto number = static_cast<uint16_t>(source.target_count + 1);
    MakeRoomForNumber(number, shape, canvas);
    Paint(source.image, voxels, contrast * around.deviation, number, canvas);
    ASSIGN_OR_RETURN(source, WithCanvas(std::move(source), std::move(canvas)));
    ++source.target_count;
    return true;
  }
  return false;
}

}  // namespace

absl::StatusOr<Case> PaintLesions(Case source, int count, Random random) {
  if (!source.kinds.empty()) return source;
  const double seen_from = SeenFrom(source.image, random);
  for (int n = 0; n < count && source.target_count + 1 < Case::kMaxTargets / 2; ++n) {
    ASSIGN_OR_RETURN(const bool painted, PaintOne(seen_from, random, source));
    if (!painted) break;
  }
  return source;
}

absl::StatusOr<Case> PaintedCases::Read(int64_t index) const {
  ASSIGN_OR_RETURN(Case source, cases_->Read(index));
  Random random(SeedOf(seed_, source.id));
  const double wanted = static_cast<double>(source.target_count) * share_ / (1 - share_);
  const auto whole = static_cast<int>(std::min(wanted, 64.0));
  const int count = whole + (random.Uniform() < wanted - whole ? 1 : 0);
  return PaintLesions(std::move(source), count, random);
}

}  // namespace sgpsam
