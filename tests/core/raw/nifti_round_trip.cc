// nifti_round_trip volume|labels IN OUT: reads a NIfTI file and writes it, or the mask of its samples
// above 0, anew. For nifti_readers_test.py.
#include <fstream>
#include <iostream>
#include <string>

#include "core/base/status_macros.h"
#include "core/raw/nifti.h"
#include "core/raw/nifti_write.h"
#include "tests/support/test_files.h"

namespace sgpsam {
namespace {

Mask Above0(const Volume& volume) {
  const Shape& shape = volume.geometry().shape();
  Mask mask(shape);
  for (int64_t k = 0; k < shape.k; ++k) {
    for (int64_t j = 0; j < shape.j; ++j) {
      for (int64_t i = 0; i < shape.i; ++i) {
        if (volume.at(i, j, k) > 0) mask.Set(i, j, k);
      }
    }
  }
  return mask;
}

absl::StatusOr<std::string> Rewrite(const std::string& what, const std::string& path) {
  ASSIGN_OR_RETURN(const Volume volume, ReadNifti(ReadTestBuffer(path)));
  if (what == "volume") return WriteNifti(volume);
  const Mask mask = Above0(volume);
  const Mask* const masks[] = {&mask};
  return WriteNiftiLabels(volume.geometry(), masks);
}

}  // namespace
}  // namespace sgpsam

int main(int argc, char** argv) {
  if (argc != 4) return 2;
  const absl::StatusOr<std::string> file = sgpsam::Rewrite(argv[1], argv[2]);
  if (!file.ok()) {
    std::cerr << file.status().message() << "\n";
    return 1;
  }
  std::ofstream(argv[3], std::ios::binary) << *file;
  return 0;
}
