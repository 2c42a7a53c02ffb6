#include "tools/synthesis/scan.h"

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <utility>
#include <vector>

#include "core/base/status_macros.h"
#include "tools/synthesis/blur.h"
#include "tools/synthesis/smooth_field.h"

namespace sgpsam::synthesis {
namespace {

// Noise of unit standard deviation as a filtered back-projection leaves it: the kernel keeps what is finer
// than the grain from it and, the sharper it is, takes away what is coarser.
class Noise {
 public:
  Noise(const View& view, const ScanSettings& settings, Random random)
      : random_(random),
        fine_x_(Kernel::Gaussian(settings.grain_mm / view.spacing_mm[0])),
        fine_y_(Kernel::Gaussian(settings.grain_mm / view.spacing_mm[1])),
        coarse_x_(Kernel::Gaussian(kCoarser * settings.grain_mm / view.spacing_mm[0])),
        coarse_y_(Kernel::Gaussian(kCoarser * settings.grain_mm / view.spacing_mm[1])),
        fine_(fine_x_, fine_y_),
        coarse_(coarse_x_, coarse_y_),
        sharpness_(settings.sharpness),
        shared_(std::exp(-view.spacing_mm[2] / settings.slice_profile_mm)),
        margin_(std::max(coarse_x_.reach(), coarse_y_.reach())),
        below_(view.shape.i, view.shape.j, margin_),
        here_(below_),
        above_(below_),
        mixed_(below_) {
    const float f = Overlap(fine_x_, fine_x_) * Overlap(fine_y_, fine_y_);
    const float c = Overlap(coarse_x_, coarse_x_) * Overlap(coarse_y_, coarse_y_);
    const float both = Overlap(fine_x_, coarse_x_) * Overlap(fine_y_, coarse_y_);
    const float in_plane = f - 2 * sharpness_ * both + sharpness_ * sharpness_ * c;
    scale_ = 1 / std::sqrt(in_plane * (1 + 2 * shared_ * shared_));
    Draw(here_);
    Draw(above_);
  }

  // The next slice; valid until the next call.
  const std::vector<float>& Next() {
    std::swap(below_, here_);
    std::swap(here_, above_);
    Draw(above_);
    const std::vector<float>&b = below_.values(), &h = here_.values(), &a = above_.values();
    std::vector<float>& mixed = mixed_.values();
    for (size_t n = 0; n < mixed.size(); ++n) mixed[n] = scale_ * (h[n] + shared_ * (b[n] + a[n]));
    fine_.Run(mixed_, out_);
    coarse_.Run(mixed_, coarse_out_);
    for (size_t n = 0; n < out_.size(); ++n) out_[n] -= sharpness_ * coarse_out_[n];
    return out_;
  }

 private:
  static constexpr float kCoarser = 2.2f;

  void Draw(MarginedSlice& slice) {
    for (float& value : slice.values()) value = random_.Normal();
  }

  Random random_;
  const Kernel fine_x_, fine_y_, coarse_x_, coarse_y_;
  Blur fine_, coarse_;
  const float sharpness_, shared_;
  const int64_t margin_;
  MarginedSlice below_, here_, above_, mixed_;
  float scale_ = 1;
  std::vector<float> out_, coarse_out_;
};

// How deep below the skin the voxels of a slice lie, of 1 from kDeepMm on.
class Depth {
 public:
  Depth(const View& view, const Torso& torso) : view_(view), torso_(torso) {
    for (int64_t j = 0; j < view.shape.j; ++j) {
      for (int64_t i = 0; i < view.shape.i; ++i) {
        const BodyPoint p = view.At(i, j, 0);
        const Torso::Ray ray = torso.Towards(p.x, p.y);
        skin_.push_back(ray.skin / kDeepMm);
        point_.push_back(ray.point / kDeepMm);
      }
    }
    depth_.resize(skin_.size());
  }

  const std::vector<float>& OfSlice(int64_t k) {
    const float girth = torso_.Girth(view_.At(0, 0, k).z);
    for (size_t n = 0; n < depth_.size(); ++n) {
      depth_[n] = std::clamp(skin_[n] * girth - point_[n], 0.0f, 1.0f);
    }
    return depth_;
  }

 private:
  static constexpr float kDeepMm = 50;

  const View& view_;
  const Torso& torso_;
  std::vector<float> skin_, point_, depth_;
};

// Slow enough to be looked up once per 8 voxels of a row.
class Shading {
 public:
  Shading(const View& view, float hu, Random random) : view_(view), hu_(hu), field_(90, random) {}

  void Row(int64_t j, int64_t k, std::vector<float>& out) const {
    constexpr int64_t kStep = 8;
    out.resize(static_cast<size_t>(view_.shape.i));
    float from = At(0, j, k);
    for (int64_t i = 0; i < view_.shape.i; i += kStep) {
      const float to = At(i + kStep, j, k), slope = (to - from) / kStep;
      const int64_t end = std::min(i + kStep, view_.shape.i);
      for (int64_t n = i; n < end; ++n) out[n] = from + slope * static_cast<float>(n - i);
      from = to;
    }
  }

 private:
  float At(int64_t i, int64_t j, int64_t k) const { return hu_ * field_.At(view_.At(i, j, k)); }

  const View& view_;
  const float hu_;
  const SmoothField field_;
};

int16_t ToSample(float hu) {
  constexpr float kLowest = -1024, kHighest = 3071;  // what 12 bits hold
  const float clamped = std::clamp(hu, kLowest, kHighest);
  return static_cast<int16_t>(static_cast<int32_t>(clamped + 2048.5f) - 2048);  // rounds to nearest
}

}  // namespace

ScanSettings DrawScanSettings(Random random) {
  ScanSettings settings;
  settings.noise_hu = random.LogUniform(5, 22);
  settings.blur_mm = random.Uniform(0.40f, 0.75f);
  settings.grain_mm = random.Uniform(0.45f, 0.95f);
  settings.sharpness = random.Uniform(0.2f, 0.85f);
  settings.slice_profile_mm = random.Uniform(0.8f, 2);
  settings.shading_hu = random.Uniform(1, 6);
  settings.cupping_hu = random.Uniform(0, 6);
  return settings;
}

absl::StatusOr<ByteBuffer> Scan(const Canvas& canvas, const Torso& torso, const ScanSettings& settings,
                                Random random) {
  const View& view = canvas.view();
  ASSIGN_OR_RETURN(ByteBuffer samples, ByteBuffer::Zeroed(view.voxels() * sizeof(int16_t)));
  auto* out = reinterpret_cast<int16_t*>(samples.data());
  const Kernel x = Kernel::Gaussian(settings.blur_mm / view.spacing_mm[0]);
  const Kernel y = Kernel::Gaussian(settings.blur_mm / view.spacing_mm[1]);
  MarginedSlice sharp(view.shape.i, view.shape.j, std::max(x.reach(), y.reach()));
  Blur blur(x, y);
  Noise noise(view, settings, random.Fork(1));
  Depth depth(view, torso);
  const Shading shading(view, settings.shading_hu, random.Fork(2));
  std::vector<float> blurred, drift;
  for (int64_t k = 0; k < view.shape.k; ++k) {
    for (int64_t j = 0; j < view.shape.j; ++j) {
      std::copy_n(canvas.hu() + view.Offset(0, j, k), view.shape.i, sharp.Row(j));
    }
    sharp.FillMargin();
    blur.Run(sharp, blurred);
    const std::vector<float>& grain = noise.Next();
    const std::vector<float>& deep = depth.OfSlice(k);
    for (int64_t j = 0; j < view.shape.j; ++j) {
      shading.Row(j, k, drift);
      for (int64_t i = 0; i < view.shape.i; ++i) {
        const auto n = static_cast<size_t>(j * view.shape.i + i);
        const float sigma = settings.noise_hu * (0.55f + 0.45f * deep[n]);
        const float slow = deep[n] * (drift[i] - settings.cupping_hu * deep[n]);
        *out++ = ToSample(blurred[n] + sigma * grain[n] + slow);
      }
    }
  }
  return samples;
}

}  // namespace sgpsam::synthesis
