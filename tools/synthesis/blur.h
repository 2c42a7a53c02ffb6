// Gaussian blur of one slice, the grain of a scan: kernels of a fixed reach, applied to slices that carry a
// margin of that reach, so that no edge needs care. One thread per object.
#ifndef SGPSAM_TOOLS_SYNTHESIS_BLUR_H_
#define SGPSAM_TOOLS_SYNTHESIS_BLUR_H_

#include <cstdint>
#include <utility>
#include <vector>

namespace sgpsam::synthesis {

// Weights that sum to 1, from -reach to +reach voxels.
struct Kernel {
  static Kernel Gaussian(float sigma_voxels);
  int64_t reach() const { return static_cast<int64_t>(weights.size() / 2); }

  std::vector<float> weights;
};

// Sum of the products of two kernels' weights, aligned at their middles: what white noise that both have
// blurred has in common.
float Overlap(const Kernel& a, const Kernel& b);

// A slice of width x height with `margin` voxels around it.
class MarginedSlice {
 public:
  MarginedSlice(int64_t width, int64_t height, int64_t margin);

  int64_t width() const { return width_; }
  int64_t height() const { return height_; }
  int64_t margin() const { return margin_; }
  std::vector<float>& values() { return values_; }  // with the margin, row after row
  const std::vector<float>& values() const { return values_; }
  // The first value of a row of the slice itself; -margin <= j < height + margin.
  float* Row(int64_t j) { return values_.data() + (j + margin_) * stride() + margin_; }
  const float* Row(int64_t j) const { return values_.data() + (j + margin_) * stride() + margin_; }
  int64_t stride() const { return width_ + 2 * margin_; }
  // Repeats the slice's outermost values over the margin.
  void FillMargin();

 private:
  int64_t width_, height_, margin_;
  std::vector<float> values_;
};

// Blurs along rows with one kernel and along columns with another, neither of which reaches beyond the
// slice's margin. Keeps its scratch memory from call to call.
class Blur {
 public:
  Blur(Kernel along_rows, Kernel along_columns)
      : rows_(std::move(along_rows)), columns_(std::move(along_columns)) {}

  // `out`: width * height values.
  void Run(const MarginedSlice& in, std::vector<float>& out);

 private:
  const Kernel rows_, columns_;
  std::vector<float> scratch_;
};

}  // namespace sgpsam::synthesis

#endif  // SGPSAM_TOOLS_SYNTHESIS_BLUR_H_
