// Reads a segmentation onto a series as core/dicom/seg/seg_reader.h does, for tests that have files of other
// programs.
//   seg_mask_reader SERIES_FOLDER SEG OUT
//   OUT/segment_N.bits: a byte a voxel, i fastest, then j, then k. Prints a line for each segment and
//   warning; what is refused goes to stderr, and the exit code is 1.
#include <algorithm>
#include <cstdio>
#include <filesystem>
#include <fstream>
#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "core/base/status_macros.h"
#include "core/dicom/seg/seg_reader.h"
#include "core/dicom/series/series_reader.h"
#include "tests/support/test_files.h"

namespace sgpsam {
namespace {

namespace fs = std::filesystem;

absl::Status ReadAndWrite(const fs::path& series, const fs::path& seg, const fs::path& out) {
  std::vector<fs::path> paths;
  for (const auto& entry : fs::directory_iterator(series)) paths.push_back(entry.path());
  std::sort(paths.begin(), paths.end());
  std::vector<ByteBuffer> files;
  for (const fs::path& path : paths) files.push_back(ReadTestBuffer(path));
  ASSIGN_OR_RETURN(const DicomSeries source, ReadSeries(std::move(files), {}, {}));
  ASSIGN_OR_RETURN(const ReadSegmentation read,
                   ReadSeg(ReadTestBuffer(seg).view(), &source.info, source.volume.geometry()));
  for (const std::string& warning : read.warnings) std::printf("warning %s\n", warning.c_str());
  for (const ReadSegment& segment : read.segments) {
    std::printf("segment %d %s\n", segment.number, segment.label.c_str());
    std::ofstream file(out / absl::StrCat("segment_", segment.number, ".bits"), std::ios::binary);
    const Shape& shape = segment.mask.shape();
    for (int64_t n = 0; n < shape.voxels(); ++n) {
      const uint8_t byte = segment.mask.bits()[static_cast<size_t>(n / 8)];
      file.put(static_cast<char>((byte >> (n % 8)) & 1));
    }
  }
  return absl::OkStatus();
}

}  // namespace
}  // namespace sgpsam

int main(int argc, char** argv) {
  if (argc != 4) {
    std::fprintf(stderr, "usage: seg_mask_reader SERIES_FOLDER SEG OUT\n");
    return 2;
  }
  const absl::Status status = sgpsam::ReadAndWrite(argv[1], argv[2], argv[3]);
  if (!status.ok()) std::fprintf(stderr, "%s\n", std::string(status.message()).c_str());
  return status.ok() ? 0 : 1;
}
