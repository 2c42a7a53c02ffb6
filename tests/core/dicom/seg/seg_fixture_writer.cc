// Writes what readers of other makes check our SEG with: for each case a folder with the source series, the
// SEG and the truth, which is the masks' own bits and never passes through the code under test.
//   seg_fixture_writer OUT
//   seg_fixture_writer --series FOLDER SEG [--label TEXT] [--into-series UID NUMBER]
//   OUT/CASE/source/*.dcm  OUT/CASE/seg.dcm  OUT/CASE/truth.json  OUT/CASE/segment_N.bits
#include <algorithm>
#include <cstdio>
#include <filesystem>
#include <fstream>
#include <functional>
#include <iterator>
#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "core/dicom/ct/ct_series_writer.h"
#include "core/dicom/dataset/prescan.h"
#include "core/dicom/seg/seg_writer.h"
#include "core/dicom/series/series_reader.h"
#include "tests/support/dicom_builder.h"

namespace sgpsam {
namespace {

namespace fs = std::filesystem;
using testing::GivenSeries;
using testing::SeriesBuilder;

struct Case {
  std::string name;
  SeriesBuilder series;
  std::vector<std::function<bool(int, int, int)>> segments;  // is voxel i, j of slice k in it?
  bool empty = false;                                        // every frame is kept
};

bool Speckle(int i, int j, int k, int salt) {
  const uint32_t hash = static_cast<uint32_t>(i * 73856093 ^ j * 19349663 ^ k * 83492791 ^ salt * 2654435761);
  return (hash ^ (hash >> 13)) % 3 == 0;
}

std::vector<Case> AllCases() {
  const auto speckle = [](int i, int j, int k) { return Speckle(i, j, k, 1); };
  std::vector<Case> cases;
  // Rows * columns mod 8 = 0 to 7, speckles in every frame.
  const int sizes[8][2] = {{16, 8}, {25, 9}, {13, 10}, {17, 11}, {10, 10}, {13, 9}, {11, 10}, {9, 7}};
  for (int residue = 0; residue < 8; ++residue) {
    cases.push_back(
        {absl::StrCat("residue_", residue), GivenSeries(sizes[residue][0], sizes[residue][1], 6), {speckle}});
  }
  cases.push_back({"overlap",
                   GivenSeries(13, 11, 7),
                   {[](int i, int j, int k) { return i < 8 && j > 2 && k < 5; },
                    [](int i, int j, int k) { return i > 4 && j < 9 && k > 2; }}});
  cases.push_back({"single_slice", GivenSeries(13, 11, 1), {speckle}});
  cases.push_back({"interior_gap", GivenSeries(13, 11, 9), {[](int i, int, int k) {
                     return i < 5 && k != 3 && k != 4;
                   }}});
  cases.push_back({"first_and_last", GivenSeries(13, 11, 9), {[](int i, int j, int k) {
                     return i == j && (k == 0 || k == 8);
                   }}});
  cases.push_back({"one_voxel", GivenSeries(13, 11, 9), {[](int i, int j, int k) {
                     return i == 12 && j == 10 && k == 4;
                   }}});
  cases.push_back({"all_empty", GivenSeries(13, 11, 4), {[](int, int, int) { return false; }}, true});
  cases.push_back(
      {"one_of_two_empty", GivenSeries(13, 11, 4), {[](int, int, int) { return false; }, speckle}});
  Case many{"segments_300", GivenSeries(13, 11, 4), {}};
  for (int n = 0; n < 300; ++n) {
    many.segments.push_back([n](int i, int j, int k) { return k == n % 4 && Speckle(i, j, k, n); });
  }
  cases.push_back(std::move(many));
  cases.push_back({"gantry_tilt",
                   GivenSeries(13, 11, 6).WithPlane("1\\0\\0\\0\\1\\0", {1, 2, 3}, {0, 0.5, 2}),
                   {speckle}});
  cases.push_back(
      {"sagittal",
       GivenSeries(13, 11, 6).WithPlane("0\\1\\0\\0\\0\\-1", {1, 2, 3}, {-1.25, 0, 0}).Shuffled(4),
       {speckle}});
  SeriesBuilder odd = GivenSeries(13, 11, 4);  // acceptance check S11
  odd.With(DicomTag(0x0008, 0x0030), "TM", "10:15:00").With(DicomTag(0x0010, 0x1010), "AS", "58");
  odd.With(DicomTag(0x0010, 0x0040), "CS", "male")
      .With(DicomTag(0x0008, 0x0050), "SH", "ACCESSION-NUMBER-20C");
  odd.With(DicomTag(0x0010, 0x1020), "DS", "1.8000000000000000001")
      .With(DicomTag(0x0010, 0x1030), "DS", "abc");
  odd.With(DicomTag(0x0018, 0x0050), "DS", "2.500000000000000001");
  odd.With(DicomTag(0x0008, 0x0005), "CS", "\\ISO 2022 IR 87");
  odd.With(DicomTag(0x0010, 0x0010), "PN", "Yamada^Tarou=\x1B$B;3ED\x1B(B^\x1B$BB@O:\x1B(B");
  odd.With(DicomTag(0x0028, 0x0030), "DS", "0.50000000000000001\\0.75000000000000001");
  cases.push_back({"odd_attributes", odd, {speckle}});
  cases.push_back({"lossy",
                   GivenSeries(16, 16, 3).WithBits(8, 8, 7, false).WithTransferSyntax(testing::kJpegBaseline),
                   {speckle}});
  return cases;
}

void Write(const fs::path& path, absl::string_view bytes) {
  std::ofstream file(path, std::ios::binary);
  file.write(bytes.data(), static_cast<std::streamsize>(bytes.size()));
  if (!file.good()) throw std::runtime_error(path.string());
}

std::string TruthJson(const Case& test, const DicomSeries& read) {
  const Shape& shape = read.volume.geometry().shape();
  std::string instances;
  for (const SourceInstance& instance : read.info.instances) {
    absl::StrAppend(&instances, instances.empty() ? "" : ", ", "\"", instance.sop_instance_uid, "\"");
  }
  return absl::StrCat("{\"columns\": ", shape.i, ", \"rows\": ", shape.j, ", \"slices\": ", shape.k,
                      ", \"segments\": ", test.segments.size(),
                      ", \"all_empty\": ", test.empty ? "true" : "false", ", \"instances\": [", instances,
                      "]}\n");
}

SegIdentity IdentityOf(const std::string& key, size_t segments, const SegSeries& series = {}) {
  SegIdentity identity = MakeSegIdentity(key, segments, series);
  identity.created = absl::FromUnixSeconds(1700000000);
  identity.algorithm_name = "SGP-SAM";
  identity.algorithm_version = "1.0";
  identity.model_digest_hex = std::string(64, 'a');
  identity.software_version = "0.1.0";
  return identity;
}

void WriteCase(const Case& test, const fs::path& folder) {
  fs::create_directories(folder / "source");
  const std::vector<std::string> files = test.series.Bytes();
  for (size_t n = 0; n < files.size(); ++n) Write(folder / "source" / absl::StrCat(n, ".dcm"), files[n]);
  const DicomSeries read = ReadSeries(testing::ToBuffers(files), {}, {}).value();
  const Shape& shape = read.volume.geometry().shape();
  std::vector<Mask> masks;
  for (const auto& inside : test.segments) {
    Mask mask(shape);
    std::string bits;  // one byte a voxel, written voxel by voxel
    for (int k = 0; k < shape.k; ++k) {
      for (int j = 0; j < shape.j; ++j) {
        for (int i = 0; i < shape.i; ++i) {
          bits.push_back(inside(i, j, k) ? 1 : 0);
          if (inside(i, j, k)) mask.Set(i, j, k);
        }
      }
    }
    masks.push_back(std::move(mask));
    Write(folder / absl::StrCat("segment_", masks.size(), ".bits"), bits);
  }
  std::vector<Segment> segments(masks.size());
  for (size_t n = 0; n < masks.size(); ++n) {
    segments[n].mask = &masks[n];
    segments[n].label = absl::StrCat("Läsion ", n + 1);
    segments[n].prompts = "points 1,2,3:+";
  }
  Write(folder / "seg.dcm",
        WriteSeg(read.info, read.volume.geometry(), segments, IdentityOf(test.name, masks.size())).value());
  Write(folder / "truth.json", TruthJson(test, read));
}

std::string ReadBytes(const fs::path& path) {
  std::ifstream file(path, std::ios::binary);
  return std::string(std::istreambuf_iterator<char>(file), {});
}

// A SEG of one voxel a slice, made of any series; warnings go to the standard output,
// an error to the standard error with exit code 1.
int WriteOfSeries(const std::vector<std::string>& arguments) {
  std::vector<fs::path> paths;
  for (const auto& entry : fs::directory_iterator(arguments.at(0))) {
    if (entry.path().extension() == ".dcm") paths.push_back(entry.path());
  }
  std::sort(paths.begin(), paths.end());
  std::vector<std::string> files;
  for (const fs::path& path : paths) files.push_back(ReadBytes(path));
  Segment segment;
  SegSeries series;
  for (size_t n = 2; n < arguments.size(); ++n) {
    if (arguments[n] == "--label") segment.label = arguments.at(++n);
    if (arguments[n] == "--into-series") {
      series.instance_uid = arguments.at(++n);
      series.instance_number = std::stoi(arguments.at(++n));
    }
  }
  const auto fail = [](const absl::Status& status) {
    std::fprintf(stderr, "%s\n", std::string(status.message()).c_str());
    return 1;
  };
  const absl::StatusOr<DicomSeries> read = ReadSeries(testing::ToBuffers(files), {}, {});
  if (!read.ok()) return fail(read.status());
  for (const std::string& warning : read->warnings) std::puts(warning.c_str());
  Mask mask(read->volume.geometry().shape());
  for (int64_t k = 0; k < mask.shape().k; ++k) mask.Set(0, 0, k);
  segment.mask = &mask;
  const absl::StatusOr<std::string> seg =
      WriteSeg(read->info, read->volume.geometry(), {&segment, 1},
               IdentityOf(absl::StrCat("series", series.instance_number), 1, series));
  if (!seg.ok()) return fail(seg.status());
  Write(arguments.at(1), *seg);
  return 0;
}

// The made-up CT that the demo uses, for dciodvfy.
void WriteSynthetic(const fs::path& folder) {
  fs::create_directories(folder);
  const Geometry geometry =
      Geometry::Create({20, 18, 3}, {-10, -9, 4}, {{{1, 0, 0}, {0, 1, 0}, {0, 0, 2}}}).value();
  ByteBuffer samples = ByteBuffer::Zeroed(20 * 18 * 3 * 2).value();
  const Volume volume = Volume::Create(geometry, SampleType::kInt16, std::move(samples)).value();
  const std::vector<std::string> files = WriteCtSeries(volume, {}).value();
  for (size_t n = 0; n < files.size(); ++n) Write(folder / absl::StrCat(n, ".dcm"), files[n]);
}

}  // namespace
}  // namespace sgpsam

int main(int argc, char** argv) {
  if (argc >= 4 && std::string(argv[1]) == "--series") {
    return sgpsam::WriteOfSeries(std::vector<std::string>(argv + 2, argv + argc));
  }
  if (argc != 2) {
    std::fprintf(stderr, "usage: seg_fixture_writer OUT\n");
    return 2;
  }
  const std::filesystem::path out = argv[1];
  for (const sgpsam::Case& test : sgpsam::AllCases()) sgpsam::WriteCase(test, out / "cases" / test.name);
  sgpsam::WriteSynthetic(out / "synthetic_ct");
  return 0;
}
