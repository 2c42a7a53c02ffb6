// read_cases FOLDER LABEL CHANNEL OUT: reads every case of a data set's folder, prints its id and number of
// targets, or what is wrong with it, and writes image and targets as NIfTI. For dataset_folder_test.py.
#include <fstream>
#include <iostream>
#include <string>

#include "core/base/status_macros.h"
#include "core/raw/nifti_write.h"
#include "tools/learn/cases/dataset_folder.h"

namespace sgpsam {
namespace {

absl::Status WriteTo(const std::string& path, const Volume& volume) {
  ASSIGN_OR_RETURN(const std::string file, WriteNifti(volume));
  std::ofstream(path, std::ios::binary) << file;
  return absl::OkStatus();
}

absl::StatusOr<int64_t> ReadOne(const DatasetFolder& folder, int64_t index, const std::string& out) {
  ASSIGN_OR_RETURN(const Case read, folder.Read(index));
  RETURN_IF_ERROR(WriteTo(out + "/" + read.id + "-image.nii", read.image));
  RETURN_IF_ERROR(WriteTo(out + "/" + read.id + "-targets.nii", read.targets));
  return read.target_count;
}

absl::Status ReadAll(const std::string& path, const DatasetOptions& options, const std::string& out) {
  ASSIGN_OR_RETURN(const DatasetFolder folder, DatasetFolder::Open(path, options));
  for (int64_t n = 0; n < folder.size(); ++n) {
    const absl::StatusOr<int64_t> targets = ReadOne(folder, n, out);
    std::cout << folder.id(n) << " "
              << (targets.ok() ? std::to_string(*targets) : targets.status().ToString()) << "\n";
  }
  return absl::OkStatus();
}

}  // namespace
}  // namespace sgpsam

int main(int argc, char** argv) {
  if (argc != 5) return 2;
  const absl::Status status = sgpsam::ReadAll(argv[1], {.label = argv[2], .channel = argv[3]}, argv[4]);
  if (status.ok()) return 0;
  std::cerr << status.message() << "\n";
  return 1;
}
