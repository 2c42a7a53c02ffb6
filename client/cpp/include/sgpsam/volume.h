// A volume as the server takes it: the bytes of one DICOM series, of one NIfTI file, or raw samples.
//
//     using sgpsam::client::Volume;
//     const auto series = Volume::FromPath("path/to/series");  // or a .zip, a .tar.gz, a .nii.gz
//     if (!series.ok()) return std::cerr << series.status() << "\n", 1;
//     for (const auto& some : series->passed_over())
//       std::cout << some.files << " passed over: " << some.kind << "\n";
//
//     const sgpsam::client::RawGrid grid{.shape = {64, 64, 32}, .spacing_mm = {1, 1, 2.5}};
//     const Volume samples = Volume::FromSamples(grid, std::string(64 * 64 * 32 * 2, '\0'));
//     std::cout << series->parts().size() << " files; " << samples.size_bytes() << " bytes\n";
//
// Immutable and cheap to copy: copies share the bytes and the digest, which is computed once. Safe to
// use from many threads. Reading a folder reads every file into memory; nothing is decoded here, so
// whether the bytes are a sound volume is the server's answer.
#ifndef SGPSAM_CLIENT_VOLUME_H_
#define SGPSAM_CLIENT_VOLUME_H_

#include <array>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "absl/status/statusor.h"

namespace sgpsam::client {

enum class SampleType { kInt8 = 1, kUint8, kInt16, kUint16, kInt32, kUint32, kFloat32, kFloat64 };

// Samples lie i fastest, then j, then k, little endian. Patient coordinates are DICOM's: LPS, mm.
struct RawGrid {
  std::array<uint32_t, 3> shape{};  // i, j, k
  SampleType sample_type = SampleType::kInt16;
  std::array<double, 3> spacing_mm{1, 1, 1};  // i, j, k
  std::array<double, 3> origin_lps{0, 0, 0};  // position of voxel 0,0,0
  // Row-major 3x3: column c is the unit vector in which index c grows.
  std::array<double, 9> direction_lps{1, 0, 0, 0, 1, 0, 0, 0, 1};
};

// Files next to a series that were left out for one reason: "not DICOM",
// "segmentation", "of another series", …
struct PassedOver {
  std::string kind;
  uint64_t files = 0;
};

class Volume {
 public:
  // What the contract allows in one series.
  static constexpr size_t kMaxFiles = 4096;

  // NIfTI (.nii, .nii.gz), or the DICOM files of one image series in a folder and its subfolders, in a .zip,
  // .tar or .tar.gz, or that one file; any order. What else lies there is passed over and counted. `series`:
  // which one is meant where there are several: its SeriesInstanceUID, or its SeriesNumber where only one has
  // it. FAILED_PRECONDITION lists the series if that does not tell; NOT_FOUND, INVALID_ARGUMENT or
  // PERMISSION_DENIED name what could not be read.
  static absl::StatusOr<Volume> FromPath(const std::string& path, const std::string& series = "");
  // The same of several paths, which make one series.
  static absl::StatusOr<Volume> FromFiles(const std::vector<std::string>& paths,
                                          const std::string& series = "");

  // The same from memory; the bytes are taken over. The server judges them.
  static Volume FromDicom(std::vector<std::string> files);
  static Volume FromNifti(std::string bytes);
  static Volume FromSamples(const RawGrid& grid, std::string samples);

  enum class Kind { kDicom, kNifti, kRaw };
  Kind kind() const;
  uint64_t size_bytes() const;                    // of all parts
  const std::vector<std::string>& parts() const;  // DICOM: the files; else exactly one
  const RawGrid& grid() const;                    // kRaw only; a default grid otherwise
  const std::vector<std::string>& names() const;  // of the parts that came from files; empty: from memory
  const std::vector<PassedOver>& passed_over() const;
  // The server's "file 3" with the name of what was sent as third.
  std::string WithFileNames(const std::string& message) const;

  // 32 bytes; the contract's VolumeSource.sha256. The first call reads all bytes (about 1 GB a second).
  const std::string& sha256() const;

 private:
  struct State;
  explicit Volume(std::shared_ptr<const State> state) : state_(std::move(state)) {}
  static std::shared_ptr<State> MakeState(Kind kind, std::vector<std::string> parts, const RawGrid& grid);
  static Volume Make(Kind kind, std::vector<std::string> parts, const RawGrid& grid);

  std::shared_ptr<const State> state_;
};

}  // namespace sgpsam::client

#endif  // SGPSAM_CLIENT_VOLUME_H_
