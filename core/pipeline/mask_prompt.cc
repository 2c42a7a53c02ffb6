#include "core/pipeline/mask_prompt.h"

#include <zlib.h>

#include <string>

#include "absl/strings/str_cat.h"

namespace sgpsam {

absl::StatusOr<Mask> InflateMask(const Shape& shape, absl::string_view zlib_bits) {
  const size_t expected = static_cast<size_t>((shape.voxels() + 7) / 8);
  std::string bits(expected, '\0');
  uLongf inflated = expected;
  uLong used = zlib_bits.size();
  const int code = uncompress2(reinterpret_cast<Bytef*>(bits.data()), &inflated,
                               reinterpret_cast<const Bytef*>(zlib_bits.data()), &used);
  if (code != Z_OK || inflated != expected || used != zlib_bits.size()) {
    return absl::InvalidArgumentError(absl::StrCat("the mask prompt is not one zlib stream of exactly ",
                                                   expected, " bytes; send one bit for each of the volume's ",
                                                   shape.voxels(), " voxels"));
  }
  return Mask::FromBits(shape, bits);
}

}  // namespace sgpsam
