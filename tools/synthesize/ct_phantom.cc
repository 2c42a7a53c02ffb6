#include "tools/synthesize/ct_phantom.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "core/base/byte_buffer.h"
#include "core/base/status_macros.h"

namespace sgpsam {
namespace {

// Positions in units of half the field of view: -1 to 1 from right to left, front to back, foot to head.
struct Place {
  float u = 0, v = 0, w = 0;
};

constexpr float kEndless = std::numeric_limits<float>::infinity();  // a radius along which nothing ends
constexpr Place kBodyRadii{0.88f, 0.66f, kEndless};
constexpr Place kLiver{-0.36f, -0.05f, 0.15f};

// SplitMix64 (Steele, Lea, Flood 2014): the project's own, so that no library's change moves a sample.
class Random {
 public:
  explicit Random(uint64_t seed) : state_(seed) {}
  uint64_t Next() {
    state_ += 0x9e3779b97f4a7c15;
    uint64_t z = state_;
    z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9;
    z = (z ^ (z >> 27)) * 0x94d049bb133111eb;
    return z ^ (z >> 31);
  }
  // -1 to 1.
  double Uniform() { return static_cast<double>(Next() >> 11) * 0x1p-52 - 1; }
  // About normal with unit variance: the sum of four 16-bit uniforms.
  float Normal() {
    const uint64_t bits = Next();
    const auto sum =
        static_cast<int32_t>((bits & 0xffff) + (bits >> 16 & 0xffff) + (bits >> 32 & 0xffff) + (bits >> 48));
    return static_cast<float>(sum - 131070) * (1.7320508f / 65536.0f);
  }

 private:
  uint64_t state_;
};

// Noiseless HU, painted from back to front.
class Canvas {
 public:
  explicit Canvas(const Shape& shape) : shape_(shape), hu_(static_cast<size_t>(shape.voxels()), -1000.0f) {}

  static float Along(int64_t n, int64_t size) {
    return (2 * static_cast<float>(n) + 1) / static_cast<float>(size) - 1;
  }

  // Calls shade(hu, q, place) for each voxel of an ellipsoid; q is 0 in its middle and 1 at its surface.
  template <typename Shade>
  void Ellipsoid(const Place& centre, const Place& radii, Shade&& shade) {
    const auto [i0, i1] = Range(centre.u, radii.u, shape_.i);
    const auto [j0, j1] = Range(centre.v, radii.v, shape_.j);
    const auto [k0, k1] = Range(centre.w, radii.w, shape_.k);
    for (int64_t k = k0; k < k1; ++k) {
      const float w = Along(k, shape_.k), qw = Square((w - centre.w) / radii.w);
      for (int64_t j = j0; j < j1; ++j) {
        const float v = Along(j, shape_.j), qvw = qw + Square((v - centre.v) / radii.v);
        float* row = hu_.data() + (k * shape_.j + j) * shape_.i;
        for (int64_t i = i0; i < i1; ++i) {
          const float u = Along(i, shape_.i), q = qvw + Square((u - centre.u) / radii.u);
          if (q <= 1) shade(row[i], q, Place{u, v, w});
        }
      }
    }
  }

  void Fill(const Place& centre, const Place& radii, float hu) {
    Ellipsoid(centre, radii, [hu](float& out, float, const Place&) { out = hu; });
  }

  // Fills only what has the value `where`: an organ's inside.
  void FillWithin(const Place& centre, const Place& radii, float hu, float where) {
    Ellipsoid(centre, radii, [=](float& out, float, const Place&) { out = out == where ? hu : out; });
  }

  const Shape& shape() const { return shape_; }
  std::vector<float>& hu() { return hu_; }

 private:
  static float Square(float x) { return x * x; }

  static std::pair<int64_t, int64_t> Range(float centre, float radius, int64_t size) {
    if (radius == kEndless) return {0, size};
    const auto voxel = [size](float along) { return (along + 1) * static_cast<float>(size) / 2; };
    return {std::clamp<int64_t>(static_cast<int64_t>(voxel(centre - radius)) - 1, 0, size),
            std::clamp<int64_t>(static_cast<int64_t>(voxel(centre + radius)) + 2, 0, size)};
  }

  const Shape shape_;
  std::vector<float> hu_;
};

constexpr float kFat = -102, kMuscle = 58, kLiverHu = 108, kVesselHu = 165, kLung = -870;

void PaintBody(Canvas& canvas) {
  canvas.Fill({0, 0.72f, 0}, {0.75f, 0.10f, kEndless}, -650);  // the table, seen below the back
  canvas.Fill({0, 0.70f, 0}, {0.72f, 0.095f, kEndless}, -960);
  canvas.Fill({0, 0, 0}, kBodyRadii, 10);  // skin
  canvas.Fill({0, 0, 0}, {0.865f, 0.643f, kEndless}, kFat);
  canvas.Fill({0, 0.02f, 0}, {0.77f, 0.56f, kEndless}, kMuscle);
  canvas.Fill({0, -0.03f, 0}, {0.69f, 0.48f, kEndless}, kFat);  // the abdominal cavity
}

// Oblique bands in the muscle's ring; lower to the sides and the front.
void PaintRibs(Canvas& canvas) {
  canvas.Ellipsoid({0, 0.01f, 0}, {0.745f, 0.535f, kEndless}, [](float& hu, float q, const Place& at) {
    if (q < 0.88f || hu != kMuscle) return;
    const float slope = (at.w + 0.45f * at.v) * 4;
    const float phase = slope - std::floor(slope);
    if (phase < 0.36f) hu = phase < 0.06f || phase > 0.30f || q < 0.90f || q > 0.98f ? 620 : 260;
  });
}

void PaintLungs(Canvas& canvas) {
  for (const float side : {-1.0f, 1.0f}) {
    canvas.Ellipsoid({side * 0.34f, 0.0f, 1.05f}, {0.36f, 0.48f, 0.42f}, [](float& hu, float, const Place&) {
      if (hu == kFat) hu = kLung;
    });
  }
}

void PaintSpine(Canvas& canvas) {
  canvas.Fill({0.2f, 0.42f, 0}, {0.16f, 0.11f, kEndless}, kMuscle);
  canvas.Fill({-0.2f, 0.42f, 0}, {0.16f, 0.11f, kEndless}, kMuscle);
  canvas.Fill({0.17f, 0.24f, 0}, {0.07f, 0.09f, kEndless}, kMuscle);  // psoas
  canvas.Fill({-0.17f, 0.24f, 0}, {0.07f, 0.09f, kEndless}, kMuscle);
  canvas.Fill({0, 0.41f, 0}, {0.09f, 0.11f, kEndless}, 520);  // arch around the canal
  canvas.Fill({0, 0.52f, 0}, {0.025f, 0.08f, kEndless}, 480);
  canvas.Fill({0, 0.41f, 0}, {0.055f, 0.06f, kEndless}, 35);
  canvas.Ellipsoid({0, 0.27f, 0}, {0.125f, 0.115f, kEndless}, [](float& hu, float q, const Place& at) {
    const float level = at.w * 3.5f + 0.4f;
    const float phase = level - std::floor(level);
    const bool disc = phase < 0.18f, endplate = phase < 0.22f || phase > 0.96f;
    hu = disc ? 85 : q > 0.84f || endplate ? 430 : 190;
  });
}

void PaintLiver(Canvas& canvas) {
  canvas.Fill(kLiver, {0.33f, 0.39f, 0.74f}, kLiverHu);
  canvas.Fill({-0.04f, -0.27f, 0.30f}, {0.30f, 0.16f, 0.42f}, kLiverHu);
  canvas.Fill({-0.16f, -0.24f, -0.30f}, {0.07f, 0.09f, 0.20f}, 12);  // gallbladder
  // Vessels: chains of balls that shrink on their way out of the porta.
  constexpr Place kEnds[] = {{-0.60f, -0.10f, 0.45f},
                             {-0.56f, 0.14f, -0.15f},
                             {-0.30f, 0.18f, 0.55f},
                             {-0.10f, -0.30f, 0.40f},
                             {-0.46f, -0.30f, 0.10f}};
  for (const Place& end : kEnds) {
    constexpr int kBalls = 60;
    for (int n = 0; n < kBalls; ++n) {
      const float t = static_cast<float>(n) / kBalls, bend = 0.08f * t * (1 - t);
      const float r = 0.030f - 0.020f * t;
      canvas.FillWithin(
          {-0.18f + (end.u + 0.18f) * t + bend, 0.0f + end.v * t - bend, 0.05f + (end.w - 0.05f) * t},
          {r, r, 2.2f * r}, kVesselHu, kLiverHu);
    }
  }
}

void PaintOrgans(Canvas& canvas) {
  canvas.Fill({0.52f, 0.14f, 0.42f}, {0.14f, 0.24f, 0.46f}, 122);  // spleen
  canvas.Fill({0.30f, -0.20f, 0.42f}, {0.23f, 0.20f, 0.42f}, 62);  // stomach: wall, fluid, gas
  canvas.Ellipsoid({0.30f, -0.20f, 0.42f}, {0.20f, 0.175f, 0.38f},
                   [](float& hu, float, const Place& at) { hu = at.v < -0.27f ? -920 : 18; });
  for (const float side : {-1.0f, 1.0f}) {  // kidneys: cortex, medulla, pelvis
    const Place at{side * 0.35f, 0.24f, side > 0 ? -0.22f : -0.34f};
    canvas.Fill(at, {0.125f, 0.135f, 0.46f}, 185);
    canvas.Fill(at, {0.085f, 0.095f, 0.37f}, 120);
    canvas.Fill({at.u - side * 0.05f, at.v - 0.02f, at.w}, {0.05f, 0.045f, 0.18f}, -40);
  }
  canvas.Fill({0.16f, -0.02f, 0.02f}, {0.24f, 0.06f, 0.14f}, 92);    // pancreas
  canvas.Fill({0.045f, 0.10f, 0}, {0.056f, 0.056f, kEndless}, 190);  // aorta, calcified at one side
  canvas.Fill({0.095f, 0.10f, -0.1f}, {0.010f, 0.022f, 0.12f}, 700);
  canvas.Fill({-0.085f, 0.11f, 0}, {0.066f, 0.050f, kEndless}, 150);  // vena cava
}

void PaintBowel(Canvas& canvas, Random& random) {
  for (int n = 0; n < 26; ++n) {
    const Place at{static_cast<float>(0.48 * random.Uniform()),
                   static_cast<float>(-0.20 + 0.16 * random.Uniform()),
                   static_cast<float>(-0.72 + 0.34 * random.Uniform())};
    const float r = static_cast<float>(0.085 + 0.02 * random.Uniform());
    const float content = n % 4 == 0 ? -880.0f : n % 3 == 0 ? 240.0f : 25.0f;  // gas, contrast medium, fluid
    canvas.Ellipsoid(at, {r, r * 0.8f, 0.16f}, [content](float& hu, float q, const Place&) {
      if (hu == kFat || hu == 66) hu = q > 0.72f ? 66 : content;
    });
  }
}

// A bumpy ball: its radius depends on the direction by a few low harmonics.
class Outline {
 public:
  Outline(double radius_mm, Random& random) : radius_mm_(radius_mm) {
    for (Lobe& lobe : lobes_) {
      lobe.axis = {random.Uniform(), random.Uniform(), random.Uniform()};
      const double length = std::max(1e-6, std::hypot(lobe.axis.x, lobe.axis.y, lobe.axis.z));
      lobe.axis = {lobe.axis.x / length, lobe.axis.y / length, lobe.axis.z / length};
      lobe.height = 0.22 * random.Uniform();
    }
  }

  // 0 in the middle, 1 at the surface.
  double Depth(double x, double y, double z) const {
    const double distance = std::max(1e-9, std::hypot(x, y, z));
    double radius = 1;
    for (const Lobe& lobe : lobes_) {
      const double cosine = (lobe.axis.x * x + lobe.axis.y * y + lobe.axis.z * z) / distance;
      radius += lobe.height * cosine * (2.5 * cosine * cosine - 1.5);  // the third Legendre polynomial
    }
    return distance / (radius_mm_ * radius);
  }

 private:
  struct Lobe {
    WorldPoint axis;
    double height = 0;
  };
  const double radius_mm_;
  std::array<Lobe, 3> lobes_;
};

// Darker or brighter than the liver, with a rim halfway between and a softer middle.
void PaintLesion(const CtPhantomOptions& options, const Geometry& geometry, const WorldPoint& centre,
                 const Outline& outline, Canvas& canvas, Mask& lesion) {
  const VoxelIndex middle = geometry.ToVoxel(centre);
  const auto range = [&](double at, double spacing, int64_t size) {
    const double reach = 2 * options.lesion_radius_mm / spacing + 1;
    return std::pair{std::clamp<int64_t>(static_cast<int64_t>(at - reach), 0, size),
                     std::clamp<int64_t>(static_cast<int64_t>(at + reach) + 1, 0, size)};
  };
  const Shape& shape = canvas.shape();
  const auto [i0, i1] = range(middle.i, options.spacing_mm[0], shape.i);
  const auto [j0, j1] = range(middle.j, options.spacing_mm[1], shape.j);
  const auto [k0, k1] = range(middle.k, options.spacing_mm[2], shape.k);
  const auto full = static_cast<float>(options.lesion_contrast_hu);
  for (int64_t k = k0; k < k1; ++k) {
    for (int64_t j = j0; j < j1; ++j) {
      for (int64_t i = i0; i < i1; ++i) {
        const WorldPoint p =
            geometry.ToWorld({static_cast<double>(i), static_cast<double>(j), static_cast<double>(k)});
        const double depth = outline.Depth(p.x - centre.x, p.y - centre.y, p.z - centre.z);
        if (depth > 1) continue;
        lesion.Set(i, j, k);
        const float share = depth > 0.86 ? 0.55f : depth < 0.4 ? 1.3f : 1.0f;
        canvas.hu()[(k * shape.j + j) * shape.i + i] = kLiverHu + share * full;
      }
    }
  }
}

// 1 2 1 along rows and columns: the scanner's blur, which also gives the noise its grain.
void BlurSlice(std::vector<float>& slice, std::vector<float>& scratch, int64_t width, int64_t height) {
  for (int64_t j = 0; j < height; ++j) {
    const float* in = slice.data() + j * width;
    float* out = scratch.data() + j * width;
    for (int64_t i = 0; i < width; ++i) {
      out[i] = (in[std::max<int64_t>(i - 1, 0)] + 2 * in[i] + in[std::min(i + 1, width - 1)]) / 4;
    }
  }
  for (int64_t j = 0; j < height; ++j) {
    const float* above = scratch.data() + std::max<int64_t>(j - 1, 0) * width;
    const float* here = scratch.data() + j * width;
    const float* below = scratch.data() + std::min(j + 1, height - 1) * width;
    for (int64_t i = 0; i < width; ++i) slice[j * width + i] = (above[i] + 2 * here[i] + below[i]) / 4;
  }
}

absl::StatusOr<ByteBuffer> Scan(Canvas& canvas, double noise_hu, Random& random) {
  const Shape& shape = canvas.shape();
  ASSIGN_OR_RETURN(ByteBuffer samples,
                   ByteBuffer::Zeroed(static_cast<size_t>(shape.voxels()) * sizeof(int16_t)));
  auto* out = reinterpret_cast<int16_t*>(samples.data());
  constexpr double kKeptByBlur = 0.375;  // of the noise's standard deviation
  const auto sigma = static_cast<float>(noise_hu / kKeptByBlur);
  const int64_t pixels = shape.i * shape.j;
  std::vector<float> slice(pixels), scratch(pixels);
  for (int64_t k = 0; k < shape.k; ++k) {
    const float* from = canvas.hu().data() + k * pixels;
    for (int64_t n = 0; n < pixels; ++n) slice[n] = from[n] + sigma * random.Normal();
    BlurSlice(slice, scratch, shape.i, shape.j);
    for (int64_t n = 0; n < pixels; ++n) {
      *out++ = static_cast<int16_t>(std::lround(std::clamp(slice[n], -1024.0f, 3071.0f)));
    }
  }
  return samples;
}

absl::StatusOr<Geometry> MakeGeometry(const CtPhantomOptions& options) {
  const auto first = [&options](double centre, int64_t size, int axis) {
    return centre - options.spacing_mm[axis] * static_cast<double>(size - 1) / 2;
  };
  const WorldPoint origin{first(options.centre.x, options.shape.i, 0),
                          first(options.centre.y, options.shape.j, 1),
                          first(options.centre.z, options.shape.k, 2)};
  return Geometry::Create(
      options.shape, origin,
      {{{options.spacing_mm[0], 0, 0}, {0, options.spacing_mm[1], 0}, {0, 0, options.spacing_mm[2]}}});
}

// Somewhere in the right lobe.
WorldPoint LesionCentre(const CtPhantomOptions& options, Random& random) {
  const auto at = [&](double along, int64_t size, int axis, double spread) {
    return (along + spread * random.Uniform()) * static_cast<double>(size) * options.spacing_mm[axis] / 2;
  };
  const double x = at(kLiver.u - 0.03, options.shape.i, 0, 0.06);
  const double y = at(kLiver.v + 0.02, options.shape.j, 1, 0.06);
  const double z = at(kLiver.w, options.shape.k, 2, 0.12);
  return {options.centre.x + x, options.centre.y + y, options.centre.z + z};
}

}  // namespace

absl::StatusOr<CtPhantom> MakeCtPhantom(const CtPhantomOptions& options) {
  ASSIGN_OR_RETURN(const Geometry geometry, MakeGeometry(options));
  Random random(options.seed);
  CtPhantom phantom;
  phantom.lesion = Mask(options.shape);
  phantom.lesion_centre = LesionCentre(options, random);
  const Outline outline(options.lesion_radius_mm, random);
  Canvas canvas(options.shape);
  PaintBody(canvas);
  PaintRibs(canvas);
  PaintLungs(canvas);
  PaintSpine(canvas);
  PaintLiver(canvas);
  PaintOrgans(canvas);
  PaintBowel(canvas, random);
  PaintLesion(options, geometry, phantom.lesion_centre, outline, canvas, phantom.lesion);
  if (phantom.lesion.CountVoxels() == 0) {
    return absl::InvalidArgumentError("the phantom's lesion is too small to cover a voxel");
  }
  ASSIGN_OR_RETURN(ByteBuffer samples, Scan(canvas, options.noise_hu, random));
  ASSIGN_OR_RETURN(phantom.volume, Volume::Create(geometry, SampleType::kInt16, std::move(samples)));
  return phantom;
}

}  // namespace sgpsam
