#include "core/raw/nifti_header.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <cstring>

#include "absl/status/status.h"
#include "absl/strings/str_cat.h"
#include "core/base/reason.h"
#include "core/base/status_macros.h"

namespace sgpsam {
namespace {

constexpr int32_t kSize1 = 348, kSize2 = 540;
constexpr absl::string_view kMagic1("n+1\0", 4), kPair1("ni1\0", 4);
constexpr absl::string_view kMagic2("n+2\0\r\n\x1a\n", 8), kPair2("ni2\0\r\n\x1a\n", 8);

// Where a version of the format keeps what is read here.
struct Layout {
  bool wide;  // 64-bit dim, pixdim, offset, slope; 32-bit codes
  size_t dim, datatype, pixdim, vox_offset, slope, intercept, units, qform_code, sform_code, quaternion,
      qoffset, srow;
  uint64_t min_offset;
};
constexpr Layout kLayout1{false, 40, 70, 76, 108, 112, 116, 123, 252, 254, 256, 268, 280, 352};
constexpr Layout kLayout2{true, 16, 12, 104, 168, 176, 184, 500, 344, 348, 352, 376, 400, 544};

// Numbers out of the header; the caller has checked its length.
class Fields {
 public:
  Fields(absl::string_view bytes, const Layout& layout, bool swapped)
      : bytes_(bytes), layout_(layout), swapped_(swapped) {}

  template <typename T>
  T Get(size_t offset) const {
    std::array<char, sizeof(T)> raw{};
    std::memcpy(raw.data(), bytes_.data() + offset, sizeof(T));
    if (swapped_) std::reverse(raw.begin(), raw.end());
    T value;
    std::memcpy(&value, raw.data(), sizeof(T));
    return value;
  }

  double Real(size_t offset, int n = 0) const {
    return layout_.wide ? Get<double>(offset + 8 * n) : Get<float>(offset + 4 * n);
  }
  int64_t Dim(int n) const {
    return layout_.wide ? Get<int64_t>(layout_.dim + 8 * n) : Get<int16_t>(layout_.dim + 2 * n);
  }
  int Code(size_t offset) const { return layout_.wide ? Get<int32_t>(offset) : Get<int16_t>(offset); }

  const Layout& at() const { return layout_; }

 private:
  absl::string_view bytes_;
  const Layout& layout_;
  const bool swapped_;
};

using Affine = std::array<std::array<double, 4>, 3>;  // RAS rows

absl::StatusOr<Shape> ReadShape(const Fields& fields) {
  const int64_t axes = fields.Dim(0);
  if (axes < 1 || axes > 7) return absl::InvalidArgumentError("NIfTI: the number of axes is not 1 to 7");
  if (axes < 3) {
    return InvalidArgument(Reason::kUnsupportedImage,
                           absl::StrCat("NIfTI: a volume has 3 axes, this image has ", axes));
  }
  for (int n = 5; n <= axes; ++n) {
    if (fields.Dim(n) != 1) {
      return InvalidArgument(Reason::kSeveralVolumes,
                             "NIfTI: this image has more than 4 axes (vectors): send one 3D volume of it");
    }
  }
  return Shape{fields.Dim(1), fields.Dim(2), fields.Dim(3)};
}

absl::StatusOr<int64_t> ReadVolumes(const Fields& fields) {
  if (fields.Dim(0) < 4) return 1;
  const int64_t volumes = fields.Dim(4);
  if (volumes >= 1 && volumes <= NiftiHeader::kMaxVolumes) return volumes;
  return InvalidArgument(
      volumes > 1 ? Reason::kSeveralVolumes : Reason::kDamagedFile,
      absl::StrCat("NIfTI: the fourth axis has 1 to ", NiftiHeader::kMaxVolumes, " volumes, not ", volumes));
}

absl::StatusOr<NiftiType> ReadType(const Fields& fields) {
  const int code = fields.Get<int16_t>(fields.at().datatype);
  switch (code) {
    case 2:
    case 4:
    case 8:
    case 16:
    case 64:
    case 256:
    case 512:
    case 768:
    case 1024:
    case 1280: return static_cast<NiftiType>(code);
    case 128:
    case 2304:
      return InvalidArgument(Reason::kUnsupportedImage, "NIfTI: this image is RGB: send grey values");
    case 32:
    case 1792:
    case 2048:
      return InvalidArgument(Reason::kUnsupportedImage, "NIfTI: this image is complex: send its magnitude");
    default:
      return InvalidArgument(
          Reason::kUnsupportedImage,
          absl::StrCat("NIfTI: datatype ", code, " is not an 8 to 64 bit integer or a 32 or 64 bit float"));
  }
}

absl::StatusOr<uint64_t> ReadOffset(const Fields& fields) {
  const Layout& at = fields.at();
  const double offset = at.wide ? static_cast<double>(fields.Get<int64_t>(at.vox_offset))
                                : static_cast<double>(fields.Get<float>(at.vox_offset));
  // Written so that NaN is refused too.
  if (!(offset >= static_cast<double>(at.min_offset) &&
        offset <= static_cast<double>(NiftiHeader::kMaxOffset) && offset == std::floor(offset))) {
    return absl::InvalidArgumentError(absl::StrCat("NIfTI: vox_offset must be a whole number from ",
                                                   at.min_offset, " to ", NiftiHeader::kMaxOffset));
  }
  return static_cast<uint64_t>(offset);
}

// Method 2 of the standard: a quaternion, a handedness and the spacing.
Affine QformAffine(const Fields& fields) {
  const Layout& at = fields.at();
  double b = fields.Real(at.quaternion, 0), c = fields.Real(at.quaternion, 1),
         d = fields.Real(at.quaternion, 2);
  double a = 1 - (b * b + c * c + d * d);
  if (a < 1e-7) {  // a rotation by 180 degrees, where a may come out below 0
    const double scale = 1 / std::sqrt(b * b + c * c + d * d);
    b *= scale;
    c *= scale;
    d *= scale;
    a = 0;
  } else {
    a = std::sqrt(a);
  }
  const double handed = fields.Real(at.pixdim, 0) < 0 ? -1 : 1;
  const std::array<double, 3> s{std::abs(fields.Real(at.pixdim, 1)), std::abs(fields.Real(at.pixdim, 2)),
                                handed * std::abs(fields.Real(at.pixdim, 3))};
  Affine m;
  m[0] = {(a * a + b * b - c * c - d * d) * s[0], 2 * (b * c - a * d) * s[1], 2 * (b * d + a * c) * s[2], 0};
  m[1] = {2 * (b * c + a * d) * s[0], (a * a + c * c - b * b - d * d) * s[1], 2 * (c * d - a * b) * s[2], 0};
  m[2] = {2 * (b * d - a * c) * s[0], 2 * (c * d + a * b) * s[1], (a * a + d * d - b * b - c * c) * s[2], 0};
  for (int r = 0; r < 3; ++r) m[r][3] = fields.Real(at.qoffset, r);
  return m;
}

Affine ReadAffine(const Fields& fields) {
  const Layout& at = fields.at();
  Affine m{};
  if (fields.Code(at.sform_code) > 0) {
    for (int r = 0; r < 3; ++r) {
      for (int c = 0; c < 4; ++c) m[r][c] = fields.Real(at.srow, 4 * r + c);
    }
  } else if (fields.Code(at.qform_code) > 0) {
    m = QformAffine(fields);
  } else {
    // Nothing says how the patient lies. Taken as axial the way DICOM has it, as ITK does: RAS, which the
    // standard suggests, would turn what the reference sees by 180 degrees.
    const std::array<double, 3> sign{-1, -1, 1};
    for (int r = 0; r < 3; ++r) m[r][r] = sign[r] * std::abs(fields.Real(at.pixdim, r + 1));
  }
  return m;
}

double MillimetresPerUnit(const Fields& fields) {
  const Layout& at = fields.at();
  const int units = (at.wide ? fields.Get<int32_t>(at.units) : fields.Get<uint8_t>(at.units)) & 7;
  return units == 1 ? 1000 : units == 3 ? 0.001 : 1;  // metres, micrometres; unknown is millimetres
}

absl::StatusOr<Geometry> ReadGeometry(const Fields& fields) {
  ASSIGN_OR_RETURN(const Shape shape, ReadShape(fields));
  const Affine m = ReadAffine(fields);
  const double unit = MillimetresPerUnit(fields);
  const auto lps = [&](int c) { return WorldPoint{-m[0][c] * unit, -m[1][c] * unit, m[2][c] * unit}; };
  absl::StatusOr<Geometry> geometry = Geometry::Create(shape, lps(3), {lps(0), lps(1), lps(2)});
  if (!geometry.ok()) return Prefixed(geometry.status(), "NIfTI: ");
  return geometry;
}

absl::Status ReadScaling(const Fields& fields, NiftiHeader& header) {
  const double slope = fields.Real(fields.at().slope), intercept = fields.Real(fields.at().intercept);
  if (slope == 0 || !std::isfinite(slope)) {
    // By the standard, 0 means unscaled, and some writers leave NaN. (ITK takes a lone intercept; the
    // standard does not know it.)
    return absl::OkStatus();
  }
  if (!std::isfinite(intercept)) return absl::InvalidArgumentError("NIfTI: scl_inter is not a finite number");
  header.slope = slope;
  header.intercept = intercept;
  return absl::OkStatus();
}

absl::Status CheckMagic(absl::string_view start, bool wide) {
  const absl::string_view magic = wide ? start.substr(4, 8) : start.substr(344, 4);
  if (magic == (wide ? kMagic2 : kMagic1)) return absl::OkStatus();
  if (magic == (wide ? kPair2 : kPair1)) {
    return InvalidArgument(Reason::kWrongFormat,
                           "NIfTI: this is the header of a .hdr/.img pair: send a single .nii file");
  }
  return InvalidArgument(Reason::kWrongFormat, "not a NIfTI file: its magic is missing");
}

}  // namespace

size_t BytesPerSample(NiftiType type) {
  switch (type) {
    case NiftiType::kUint8:
    case NiftiType::kInt8: return 1;
    case NiftiType::kInt16:
    case NiftiType::kUint16: return 2;
    case NiftiType::kInt32:
    case NiftiType::kUint32:
    case NiftiType::kFloat32: return 4;
    case NiftiType::kFloat64:
    case NiftiType::kInt64:
    case NiftiType::kUint64: return 8;
  }
  return 8;
}

absl::StatusOr<NiftiHeader> ParseNiftiHeader(absl::string_view start) {
  if (start.size() < kSize1)
    return InvalidArgument(Reason::kWrongFormat, "not a NIfTI file: too short for its header");
  const int32_t size = Fields(start, kLayout1, false).Get<int32_t>(0);
  const int32_t swapped_size = Fields(start, kLayout1, true).Get<int32_t>(0);
  const bool swapped = swapped_size == kSize1 || swapped_size == kSize2;
  const int32_t header_size = swapped ? swapped_size : size;
  if (header_size != kSize1 && header_size != kSize2) {
    return InvalidArgument(Reason::kWrongFormat,
                           "not a NIfTI file: its first four bytes say neither 348 nor 540");
  }
  const bool wide = header_size == kSize2;
  if (wide && start.size() < kSize2) return absl::InvalidArgumentError("NIfTI-2: the header is truncated");
  RETURN_IF_ERROR(CheckMagic(start, wide));
  const Fields fields(start, wide ? kLayout2 : kLayout1, swapped);
  NiftiHeader header;
  header.swapped = swapped;
  ASSIGN_OR_RETURN(header.type, ReadType(fields));
  ASSIGN_OR_RETURN(header.sample_offset, ReadOffset(fields));
  ASSIGN_OR_RETURN(header.geometry, ReadGeometry(fields));
  ASSIGN_OR_RETURN(header.volumes, ReadVolumes(fields));
  RETURN_IF_ERROR(ReadScaling(fields, header));
  return header;
}

}  // namespace sgpsam
