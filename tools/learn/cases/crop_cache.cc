#include "tools/learn/cases/crop_cache.h"

#include <filesystem>
#include <optional>
#include <system_error>

#include "absl/strings/str_cat.h"
#include "core/base/byte_buffer.h"
#include "core/base/digest.h"
#include "core/base/file_io.h"
#include "core/base/status_macros.h"
#include "core/base/strict_json.h"
#include "core/raw/nifti.h"
#include "core/raw/nifti_write.h"
#include "nlohmann/json.hpp"
#include "tools/learn/cases/crops.h"

namespace sgpsam {
namespace {

namespace fs = std::filesystem;
using nlohmann::json;

constexpr uint64_t kMostListBytes = uint64_t{16} << 20;
constexpr int kFormat = 1;  // raised whenever the same case comes to give other crops

// Of a case's crops: the list that is written when all of them are.
struct CropList {
  std::string stamp, modality;
  double margin_mm = 0;
  std::vector<int64_t> targets;  // of each crop
};

absl::Status MakeFolder(const std::string& folder) {
  std::error_code error;
  const bool made = fs::create_directories(folder, error);
  if (error) return absl::ErrnoToStatus(error.value(), absl::StrCat("cannot make the folder ", folder));
  if (made) fs::permissions(folder, fs::perms::owner_all, error);
  fs::path above = fs::canonical(folder, error);
  for (; !error; above = above.parent_path()) {
    if (fs::exists(above / ".git", error)) {
      return absl::InvalidArgumentError(
          absl::StrCat(folder, " lies in ", above.string(),
                       ", which is version-controlled: crops are image data of patients; "
                       "name a folder elsewhere"));
    }
    if (above == above.parent_path()) break;
  }
  return absl::OkStatus();
}

// Says nothing of the case to whoever lists the folder.
std::string NameOf(const std::string& id, const std::string& stamp) {
  return Sha256::Of(absl::StrCat("crops ", id, "\n", stamp)).ToHex().substr(0, 32);
}

std::string FileOf(const std::string& base, size_t crop) { return absl::StrCat(base, "-", crop + 1); }

std::optional<CropList> ReadList(const std::string& path, const std::string& stamp, double margin_mm) {
  const absl::StatusOr<ByteBuffer> text = ReadFile(path, kMostListBytes);
  if (!text.ok()) return std::nullopt;
  const absl::StatusOr<json> list = ParseStrictJson(text->view(), kMostListBytes);
  if (!list.ok() || !list->is_object()) return std::nullopt;
  try {
    CropList read{list->at("stamp"), list->at("modality"), list->at("margin_mm"), list->at("targets")};
    if (list->at("format") != kFormat || read.stamp != stamp || read.margin_mm < margin_mm)
      return std::nullopt;
    return read;
  } catch (const json::exception&) {
    return std::nullopt;
  }
}

absl::Status WriteVolume(const Volume& volume, const std::string& path) {
  ASSIGN_OR_RETURN(const std::string bytes, WriteNifti(volume));
  return WriteFileAtomically(path, bytes, Readers::kOwner);
}

absl::StatusOr<CropList> WriteCrops(const Case& source, const std::string& stamp, double margin_mm,
                                    const std::string& base) {
  CropList list{stamp, source.modality, margin_mm, {}};
  for (const CropBox& box : CropBoxes(source, margin_mm)) {
    ASSIGN_OR_RETURN(const Case crop, Crop(source, box));
    const std::string file = FileOf(base, list.targets.size());
    RETURN_IF_ERROR(WriteVolume(crop.image, file + ".image.nii"));
    RETURN_IF_ERROR(WriteVolume(crop.targets, file + ".targets.nii"));
    list.targets.push_back(crop.target_count);
  }
  const json text = {{"format", kFormat},
                     {"stamp", stamp},
                     {"modality", list.modality},
                     {"margin_mm", margin_mm},
                     {"targets", list.targets}};
  RETURN_IF_ERROR(WriteFileAtomically(
      base + ".json", text.dump(-1, ' ', false, json::error_handler_t::replace), Readers::kOwner));
  return list;
}

absl::StatusOr<Volume> ReadVolume(const std::string& path) {
  ASSIGN_OR_RETURN(ByteBuffer bytes, ReadFile(path));
  return ReadNifti(std::move(bytes));
}

}  // namespace

absl::StatusOr<CropCache> CropCache::Open(std::shared_ptr<const CaseSource> cases, const std::string& folder,
                                          double margin_mm, const Complaint& complain,
                                          const std::function<void(int64_t)>& progress) {
  RETURN_IF_ERROR(MakeFolder(folder));
  CropCache cache;
  for (int64_t n = 0; n < cases->size(); ++n) {
    if (progress) progress(n);
    const absl::StatusOr<std::string> stamp = cases->Stamp(n);
    if (!stamp.ok()) {
      complain(stamp.status());
      continue;
    }
    const std::string digest = Sha256::Of(*stamp).ToHex();
    const std::string base = absl::StrCat(folder, "/", NameOf(cases->id(n), *stamp));
    std::optional<CropList> list = ReadList(base + ".json", digest, margin_mm);
    if (!list) {
      const absl::StatusOr<Case> source = cases->Read(n);
      if (!source.ok()) {
        complain(source.status());
        continue;
      }
      ASSIGN_OR_RETURN(list, WriteCrops(*source, digest, margin_mm, base));
    }
    Range range{cache.size(), cache.size(), 0};
    for (size_t crop = 0; crop < list->targets.size(); ++crop) {
      cache.crops_.push_back({absl::StrCat(cases->id(n), "#", crop + 1), FileOf(base, crop),
                              list->targets[crop], list->modality});
      range.targets += list->targets[crop];
    }
    range.end = cache.size();
    if (range.targets > 0) cache.cases_.push_back(range);
  }
  return cache;
}

absl::StatusOr<Case> CropCache::Read(int64_t index) const {
  if (index < 0 || index >= size()) return absl::OutOfRangeError("no such crop");
  const OneCrop& crop = crops_[static_cast<size_t>(index)];
  Case read;
  read.id = crop.id;
  read.target_count = crop.targets;
  read.modality = crop.modality;
  ASSIGN_OR_RETURN(read.image, ReadVolume(crop.file + ".image.nii"));
  ASSIGN_OR_RETURN(read.targets, ReadVolume(crop.file + ".targets.nii"));
  if (read.targets.sample_type() != SampleType::kUint16 ||
      !(read.targets.geometry().shape() == read.image.geometry().shape())) {
    return absl::DataLossError(absl::StrCat(crop.file, ": not as it was written; delete the folder's files"));
  }
  return read;
}

int64_t CropCache::Draw(Random& random) const {
  const Range& range = cases_[random.Below(cases_.size())];
  auto target = static_cast<int64_t>(random.Below(static_cast<uint64_t>(range.targets)));
  int64_t crop = range.begin;
  for (; crop + 1 < range.end && target >= crops_[static_cast<size_t>(crop)].targets; ++crop) {
    target -= crops_[static_cast<size_t>(crop)].targets;
  }
  return crop;
}

}  // namespace sgpsam
