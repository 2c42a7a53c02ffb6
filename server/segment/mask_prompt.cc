#include "server/segment/mask_prompt.h"

#include <zlib.h>

#include <cstdint>
#include <string>

#include "absl/status/status.h"
#include "absl/strings/str_cat.h"
#include "core/base/reason.h"
#include "core/base/status_macros.h"

namespace sgpsam {
namespace {

std::string Describe(const Shape& shape) { return absl::StrCat(shape.i, " x ", shape.j, " x ", shape.k); }

absl::StatusOr<std::string> InflateBits(const Shape& shape, const std::string& zlib_bits) {
  const size_t expected = static_cast<size_t>((shape.voxels() + 7) / 8);
  std::string bits(expected, '\0');
  uLongf inflated = expected;
  uLong used = zlib_bits.size();
  const int code = uncompress2(reinterpret_cast<Bytef*>(bits.data()), &inflated,
                               reinterpret_cast<const Bytef*>(zlib_bits.data()), &used);
  if (code != Z_OK || inflated != expected || used != zlib_bits.size()) {
    return InvalidArgument(Reason::kMaskMismatch,
                           absl::StrCat("the mask prompt is not one zlib stream of exactly ", expected,
                                        " bytes; send one bit for each of its ", shape.voxels(), " voxels"));
  }
  return bits;
}

// The mask whose voxel i, j, k is `mirrored`'s voxel k, j, i.
Mask WithAxesReversed(const Mask& mirrored) {
  const Shape& from = mirrored.shape();
  Mask mask({from.k, from.j, from.i});
  const auto end = static_cast<uint64_t>(from.voxels());
  for (uint64_t n = mirrored.NextVoxel(0); n < end; n = mirrored.NextVoxel(n + 1)) {
    const auto at = static_cast<int64_t>(n);
    mask.Set(at / (from.i * from.j), at / from.i % from.j, at % from.i);
  }
  return mask;
}

absl::StatusOr<Mask> Inflate(const DeflatedMask& deflated) {
  const Shape& shape = deflated.shape;
  ASSIGN_OR_RETURN(const std::string bits, InflateBits(shape, deflated.zlib_bits));
  if (deflated.order == AxisOrder::kIFastest) return Mask::FromBits(shape, bits);
  ASSIGN_OR_RETURN(const Mask mirrored, Mask::FromBits({shape.k, shape.j, shape.i}, bits));
  return WithAxesReversed(mirrored);
}

}  // namespace

absl::StatusOr<Mask> InflateMask(const Shape& shape, const DeflatedMask& deflated) {
  if (!(deflated.shape == shape)) {
    return InvalidArgument(
        Reason::kMaskMismatch,
        absl::StrCat("the mask prompt's shape is ", Describe(deflated.shape),
                     " (i x j x k), the volume's is ", Describe(shape),
                     ": send the mask on the volume's voxels and say in which order its axes lie"));
  }
  return Inflate(deflated);
}

absl::Status CheckPart(const DeflatedScribble& scribble) {
  const Shape& part = scribble.part.shape;
  for (const int64_t size : {part.i, part.j, part.k}) {
    if (size >= 1 && size <= Geometry::kMaxAxis) continue;
    return InvalidArgument(Reason::kMaskMismatch,
                           absl::StrCat("its shape is ", Describe(part), "; each axis has 1 to ",
                                        Geometry::kMaxAxis, " voxels"));
  }
  if (part.voxels() <= kMaxScribblePart) return absl::OkStatus();
  return InvalidArgument(
      Reason::kPromptTooLarge,
      absl::StrCat("it comes with ", part.voxels(), " voxels; at most ", kMaxScribblePart,
                   " are taken: send the part of the volume that has the marks, or several scribbles"));
}

absl::StatusOr<ScribblePrompt> InflateScribble(const Shape& shape, const DeflatedScribble& scribble,
                                               uint64_t most) {
  const Shape& part = scribble.part.shape;
  const Voxel& first = scribble.first;
  if (first.i + part.i > shape.i || first.j + part.j > shape.j || first.k + part.k > shape.k) {
    return InvalidArgument(
        Reason::kMaskMismatch,
        absl::StrCat("its part of ", Describe(part), " voxels from ", first.i, ", ", first.j, ", ", first.k,
                     " on reaches beyond the volume, which has ", Describe(shape)));
  }
  ASSIGN_OR_RETURN(const Mask mask, Inflate(scribble.part));
  if (mask.CountVoxels() > most) {
    return InvalidArgument(
        Reason::kPromptTooLarge,
        absl::StrCat("it marks ", mask.CountVoxels(), " voxels, and all scribbles of a target ",
                     kMaxScribbleVoxels, " at most: give what covers more as a mask or a box"));
  }
  ScribblePrompt prompt{RunsOf(mask), scribble.positive};
  for (VoxelRun& run : prompt.runs) {
    run = {static_cast<int32_t>(run.begin + first.i), static_cast<int32_t>(run.end + first.i),
           static_cast<int32_t>(run.j + first.j), static_cast<int32_t>(run.k + first.k)};
  }
  return prompt;
}

}  // namespace sgpsam
