// Prints what the reader makes of series, for a test that compares it with readers of other makes. Each
// argument is a folder with the files of one series; for each, three lines: OK or the refusal, the warnings
// divided by tabs, and the values, rows within slices.
#include <algorithm>
#include <cstdio>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <string>
#include <vector>

#include "absl/strings/str_join.h"
#include "core/dicom/series/series_reader.h"

namespace sgpsam {
namespace {

std::vector<ByteBuffer> FilesIn(const std::filesystem::path& folder) {
  std::vector<std::filesystem::path> paths;
  for (const auto& entry : std::filesystem::directory_iterator(folder)) paths.push_back(entry.path());
  std::sort(paths.begin(), paths.end());
  std::vector<ByteBuffer> files;
  for (const std::filesystem::path& path : paths) {
    std::ifstream file(path, std::ios::binary);
    files.push_back(*ByteBuffer::CopyOf(std::string(std::istreambuf_iterator<char>(file), {})));
  }
  return files;
}

void Print(const absl::StatusOr<DicomSeries>& read) {
  if (!read.ok()) {
    std::printf("%s\n\n\n", read.status().ToString().c_str());
    return;
  }
  std::printf("OK\n%s\n", absl::StrJoin(read->warnings, "\t").c_str());
  const Shape& shape = read->volume.geometry().shape();
  for (int64_t k = 0; k < shape.k; ++k) {
    for (int64_t j = 0; j < shape.j; ++j) {
      for (int64_t i = 0; i < shape.i; ++i) std::printf("%.17g ", read->volume.at(i, j, k));
    }
  }
  std::printf("\n");
}

}  // namespace
}  // namespace sgpsam

int main(int argc, char** argv) {
  for (int n = 1; n < argc; ++n) sgpsam::Print(sgpsam::ReadSeries(sgpsam::FilesIn(argv[n]), {}, {}));
  return 0;
}
