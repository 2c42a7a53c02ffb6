#include "tools/learn/cases/crops.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <cstring>
#include <utility>

#include "core/base/byte_buffer.h"
#include "core/base/status_macros.h"

namespace sgpsam {
namespace {

// The smallest box of each target, 1 first.
std::vector<VoxelBox> BoxesOfTargets(const Case& source) {
  std::vector<VoxelBox> boxes(static_cast<size_t>(source.target_count));
  const auto* target = reinterpret_cast<const uint16_t*>(source.targets.samples().data());
  const Shape& shape = source.targets.geometry().shape();
  for (int64_t k = 0; k < shape.k; ++k) {
    for (int64_t j = 0; j < shape.j; ++j) {
      for (int64_t i = 0; i < shape.i; ++i, ++target) {
        if (*target < 1 || *target > source.target_count) continue;
        VoxelBox& box = boxes[static_cast<size_t>(*target) - 1];
        box = Union(box, {{i, j, k}, {i + 1, j + 1, k + 1}});
      }
    }
  }
  return boxes;
}

VoxelBox WithMargin(const VoxelBox& box, const Geometry& geometry, double margin_mm) {
  const std::array<double, 3> spacing = geometry.spacing_mm();
  const Shape& shape = geometry.shape();
  const auto reach = [&](size_t axis) { return static_cast<int64_t>(std::ceil(margin_mm / spacing[axis])); };
  const auto low = [&](int64_t at, size_t axis) { return std::max<int64_t>(0, at - reach(axis)); };
  const auto high = [&](int64_t at, size_t axis, int64_t size) { return std::min(size, at + reach(axis)); };
  return {{low(box.begin.i, 0), low(box.begin.j, 1), low(box.begin.k, 2)},
          {high(box.end.i, 0, shape.i), high(box.end.j, 1, shape.j), high(box.end.k, 2, shape.k)}};
}

// Adds a box; as long as it and another one cost no more as one, they become one.
void Add(CropBox added, std::vector<CropBox>& crops) {
  for (size_t n = 0; n < crops.size();) {
    const VoxelBox both = Union(added.box, crops[n].box);
    if (both.shape().voxels() > added.box.shape().voxels() + crops[n].box.shape().voxels()) {
      ++n;
      continue;
    }
    added.box = both;
    added.targets.insert(added.targets.end(), crops[n].targets.begin(), crops[n].targets.end());
    crops.erase(crops.begin() + static_cast<std::ptrdiff_t>(n));
    n = 0;
  }
  crops.push_back(std::move(added));
}

absl::StatusOr<Volume> CropVolume(const Volume& volume, const VoxelBox& box) {
  const Geometry& geometry = volume.geometry();
  const Shape& from = geometry.shape();
  const Shape to = box.shape();
  const size_t bytes = volume.samples().size() / static_cast<size_t>(from.voxels());
  ASSIGN_OR_RETURN(ByteBuffer samples, ByteBuffer::Zeroed(static_cast<size_t>(to.voxels()) * bytes));
  uint8_t* out = samples.data();
  for (int64_t k = box.begin.k; k < box.end.k; ++k) {
    for (int64_t j = box.begin.j; j < box.end.j; ++j, out += static_cast<size_t>(to.i) * bytes) {
      const auto at = static_cast<size_t>((k * from.j + j) * from.i + box.begin.i);
      std::memcpy(out, volume.samples().data() + at * bytes, static_cast<size_t>(to.i) * bytes);
    }
  }
  const WorldPoint origin = geometry.ToWorld(
      {static_cast<double>(box.begin.i), static_cast<double>(box.begin.j), static_cast<double>(box.begin.k)});
  ASSIGN_OR_RETURN(Geometry cropped, Geometry::Create(to, origin, geometry.steps()));
  return Volume::Create(std::move(cropped), volume.sample_type(), std::move(samples));
}

// The new number of each old one, own targets first, in the order in which they are met otherwise.
class Numbers {
 public:
  explicit Numbers(const std::vector<int64_t>& own) {
    for (const int64_t target : own) Of(static_cast<uint16_t>(target));
  }
  uint16_t Of(uint16_t target) {
    if (target == 0) return 0;
    uint16_t& number = number_[target];
    if (number == 0) {
      old_.push_back(target);
      number = static_cast<uint16_t>(old_.size());
    }
    return number;
  }
  const std::vector<uint16_t>& old() const { return old_; }

 private:
  std::vector<uint16_t> number_ = std::vector<uint16_t>(Case::kMaxTargets + 1, 0);
  std::vector<uint16_t> old_;
};

}  // namespace

std::vector<CropBox> CropBoxes(const Case& source, double margin_mm) {
  std::vector<CropBox> crops;
  const std::vector<VoxelBox> boxes = BoxesOfTargets(source);
  for (size_t n = 0; n < boxes.size(); ++n) {
    Add({WithMargin(boxes[n], source.image.geometry(), margin_mm), {static_cast<int64_t>(n) + 1}}, crops);
  }
  for (CropBox& crop : crops) std::sort(crop.targets.begin(), crop.targets.end());
  std::sort(crops.begin(), crops.end(),
            [](const CropBox& a, const CropBox& b) { return a.targets.front() < b.targets.front(); });
  return crops;
}

absl::StatusOr<Case> Crop(const Case& source, const CropBox& crop) {
  Case cropped;
  cropped.id = source.id;
  cropped.modality = source.modality;
  cropped.target_count = static_cast<int64_t>(crop.targets.size());
  ASSIGN_OR_RETURN(cropped.image, CropVolume(source.image, crop.box));
  ASSIGN_OR_RETURN(const Volume targets, CropVolume(source.targets, crop.box));
  Numbers numbers(crop.targets);
  ASSIGN_OR_RETURN(ByteBuffer samples, ByteBuffer::Zeroed(targets.samples().size()));
  const auto* in = reinterpret_cast<const uint16_t*>(targets.samples().data());
  auto* out = reinterpret_cast<uint16_t*>(samples.data());
  for (int64_t n = 0; n < targets.geometry().shape().voxels(); ++n) out[n] = numbers.Of(in[n]);
  if (!source.kinds.empty()) {
    for (const uint16_t old : numbers.old()) cropped.kinds.push_back(source.kinds[old - size_t{1}]);
  }
  ASSIGN_OR_RETURN(cropped.targets,
                   Volume::Create(targets.geometry(), SampleType::kUint16, std::move(samples)));
  return cropped;
}

}  // namespace sgpsam
