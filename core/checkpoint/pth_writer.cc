#include "core/checkpoint/pth_writer.h"

#include "absl/strings/str_cat.h"
#include "absl/strings/string_view.h"
#include "core/base/file_io.h"
#include "core/base/status_macros.h"
#include "core/checkpoint/pickle_writer.h"
#include "core/checkpoint/zip_writer.h"

namespace sgpsam {
namespace {

constexpr absl::string_view kFolder = "archive/";
constexpr absl::string_view kFileFormatVersion = "3\n";

// Storages are numbered in the order of their tensors.
std::string DescribeContents(const PthContents& contents) {
  PickleWriter pickle;
  size_t storages = 0;
  pickle.BeginDict();
  for (const PthStateDict& state : contents.state_dicts) {
    pickle.Text(state.key);
    pickle.BeginOrderedDict();
    for (const auto& [name, tensor] : state.tensors) {
      pickle.Text(name);
      pickle.Tensor(tensor, absl::StrCat(storages++));
    }
    pickle.EndDict();
  }
  for (const auto& [key, text] : contents.texts) {
    pickle.Text(key);
    pickle.Text(text);
  }
  pickle.EndDict();
  return std::move(pickle).Finish();
}

absl::string_view BytesOf(const NamedTensor& tensor) {
  return {reinterpret_cast<const char*>(tensor.bytes.data()), tensor.bytes.size()};
}

absl::Status WriteEntries(const PthContents& contents, ZipWriter& zip) {
  RETURN_IF_ERROR(zip.Add(absl::StrCat(kFolder, "data.pkl"), DescribeContents(contents)));
  RETURN_IF_ERROR(zip.Add(absl::StrCat(kFolder, "byteorder"), "little"));
  size_t storages = 0;
  for (const PthStateDict& state : contents.state_dicts) {
    for (const auto& [name, tensor] : state.tensors) {
      RETURN_IF_ERROR(zip.Add(absl::StrCat(kFolder, "data/", storages++), BytesOf(tensor)));
    }
  }
  RETURN_IF_ERROR(zip.Add(absl::StrCat(kFolder, "version"), kFileFormatVersion));
  return zip.Finish();
}

}  // namespace

absl::Status WritePthFile(const PthContents& contents, const std::string& path) {
  ASSIGN_OR_RETURN(AtomicFile file, AtomicFile::Create(path));
  ZipWriter zip(file);
  RETURN_IF_ERROR(WriteEntries(contents, zip));
  return file.Commit();
}

}  // namespace sgpsam
