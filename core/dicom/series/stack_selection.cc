#include "core/dicom/series/stack_selection.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <map>
#include <optional>
#include <set>

#include "absl/status/statusor.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "absl/strings/string_view.h"
#include "core/base/digest.h"
#include "core/base/reason.h"
#include "core/base/status_macros.h"
#include "core/dicom/dataset/dicom_file.h"
#include "core/dicom/folder/file_summary.h"
#include "core/dicom/series/series_geometry.h"

namespace sgpsam {
namespace {

constexpr size_t kMostStray = 3, kLeastMain = 5;
constexpr double kSameEchoTime = 0.01;  // relative

using Place = std::array<double, 9>;

Place PlaceOf(const SlicePlane& plane) {
  return {plane.position.x, plane.position.y, plane.position.z, plane.row.x,   plane.row.y,
          plane.row.z,      plane.column.x,   plane.column.y,   plane.column.z};
}

Digest DigestOf(absl::string_view bytes) { return Sha256::Of(bytes.data(), bytes.size()); }

// Of the pixel data as they are stored; a copy that was compressed anew is not seen as one.
std::optional<Digest> PixelDigest(absl::string_view bytes) {
  const absl::StatusOr<DicomFile> file = DicomFile::Open(bytes);
  if (!file.ok() || !file->scan().has_pixels) return std::nullopt;
  Sha256 sha;
  sha.Update(file->Bytes(file->scan().pixels));
  for (const ByteRange& fragment : file->scan().fragments) sha.Update(file->Bytes(fragment));
  return sha.Finish();
}

bool SayTheSame(const SliceHeader& a, const SliceHeader& b) {
  return !a.sop_instance_uid.empty() && a.sop_instance_uid == b.sop_instance_uid && a.slope == b.slope &&
         a.intercept == b.intercept && a.layout.rows == b.layout.rows &&
         a.layout.columns == b.layout.columns && a.layout.bits_allocated == b.layout.bits_allocated &&
         a.layout.bits_stored == b.layout.bits_stored && a.layout.high_bit == b.layout.high_bit &&
         a.layout.is_signed == b.layout.is_signed;
}

template <typename Keep>
void Filter(std::vector<SliceHeader>& headers, Keep keep) {
  headers.erase(std::remove_if(headers.begin(), headers.end(),
                               [&](const SliceHeader& header) { return !keep(header); }),
                headers.end());
}

// Which part of a complex image ImageType names: M, P, R, I; 0 for none.
char ComplexPart(absl::string_view image_type) {
  const std::vector<absl::string_view> values = absl::StrSplit(image_type, '\\');
  for (size_t n = 2; n < values.size(); ++n) {
    for (const absl::string_view name : {"MAGNITUDE", "PHASE", "REAL", "IMAGINARY"}) {
      if (values[n] == name || values[n] == name.substr(0, 1)) return name[0];
    }
  }
  return 0;
}

bool SameEcho(const std::optional<double>& a, const std::optional<double>& b) {
  return !a || !b || std::abs(*a - *b) <= kSameEchoTime * std::max(std::abs(*a), std::abs(*b));
}

absl::Status Mixed(const SliceHeader& a, const SliceHeader& b, absl::string_view what) {
  return FailedPrecondition(
      Reason::kMixedSlices,
      absl::StrCat("files ", a.plane.file_number, " and ", b.plane.file_number, " are ", what,
                   ": send the slices of one only"),
      {{"file", absl::StrCat(a.plane.file_number)}, {"other_file", absl::StrCat(b.plane.file_number)}});
}

}  // namespace

absl::Status DropDuplicates(absl::Span<const ByteBuffer> files, absl::FunctionRef<absl::Status()> alive,
                            std::vector<SliceHeader>& headers, std::vector<PassedOver>& passed_over) {
  std::map<Place, std::vector<const SliceHeader*>> places;
  for (const SliceHeader& header : headers) places[PlaceOf(header.plane)].push_back(&header);
  std::set<int> dropped;  // file numbers
  for (const auto& [place, here] : places) {
    if (here.size() < 2) continue;
    std::set<Digest> whole;
    std::map<Digest, const SliceHeader*> pixels;  // the first file with them
    for (const SliceHeader* header : here) {
      RETURN_IF_ERROR(alive());
      const absl::string_view bytes = files[static_cast<size_t>(header->plane.file_number - 1)].view();
      bool known = !whole.insert(DigestOf(bytes)).second;
      if (const std::optional<Digest> digest = PixelDigest(bytes); !known && digest) {
        const auto [first, fresh] = pixels.try_emplace(*digest, header);
        known = !fresh && SayTheSame(*first->second, *header);
      }
      if (known) dropped.insert(header->plane.file_number);
    }
  }
  AddPassedOver(kDuplicates, dropped.size(), passed_over);
  Filter(headers, [&](const SliceHeader& header) { return dropped.count(header.plane.file_number) == 0; });
  return absl::OkStatus();
}

void DropLocalizers(std::vector<SliceHeader>& headers, std::vector<PassedOver>& passed_over) {
  const size_t before = headers.size();
  const auto is_localizer = [](const SliceHeader& header) { return IsLocalizer(header.image_type); };
  if (!std::all_of(headers.begin(), headers.end(), is_localizer)) {
    Filter(headers, [&](const SliceHeader& header) { return !is_localizer(header); });
    AddPassedOver(kLocalizers, before - headers.size(), passed_over);
  }
  // Image n belongs to the first of `seen` whose orientation it has; more than a few are no stack with
  // strays.
  std::vector<const SliceHeader*> seen;
  std::vector<size_t> counts;
  for (const SliceHeader& header : headers) {
    const auto same = std::find_if(seen.begin(), seen.end(), [&](const SliceHeader* first) {
      return !DifferentOrientations(first->plane, header.plane);
    });
    if (same == seen.end()) {
      if (seen.size() > kMostStray) return;
      seen.push_back(&header);
      counts.push_back(1);
    } else {
      ++counts[static_cast<size_t>(same - seen.begin())];
    }
  }
  if (seen.size() < 2) return;
  const auto largest = std::max_element(counts.begin(), counts.end());
  const size_t strays = headers.size() - *largest;
  if (strays > kMostStray || *largest < kLeastMain || *largest < 3 * strays) return;
  const SlicePlane plane = seen[static_cast<size_t>(largest - counts.begin())]->plane;
  Filter(headers, [&](const SliceHeader& header) { return !DifferentOrientations(plane, header.plane); });
  AddPassedOver(kOtherOrientation, strays, passed_over);
}

absl::Status CheckOneKindOfImage(absl::Span<const SliceHeader> headers) {
  const SliceHeader& first = headers[0];
  for (const SliceHeader& other : headers) {
    if (!SameEcho(first.echo_time, other.echo_time)) {
      return Mixed(first, other, "of different echoes (EchoTime differs)");
    }
    if (ComplexPart(first.image_type) != ComplexPart(other.image_type)) {
      return Mixed(first, other,
                   "different parts of a complex image, such as magnitude and phase (ImageType differs)");
    }
  }
  return absl::OkStatus();
}

}  // namespace sgpsam
