// What a model learns from and is measured on: an image and the targets that clicks should segment in it.
// Cases come from a folder (dataset_folder.h) or are generated; training and evaluation see a CaseSource.
#ifndef SGPSAM_TOOLS_LEARN_CASES_CASE_H_
#define SGPSAM_TOOLS_LEARN_CASES_CASE_H_

#include <cstdint>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "core/base/random.h"
#include "core/volume/volume.h"

namespace sgpsam {

// Move-only, as its volumes are.
struct Case {
  static constexpr uint8_t kMaxKind = 31;
  static constexpr int64_t kMaxTargets = 65535;  // what a sample of `targets` tells apart from the background

  std::string id;  // the source's name for it
  Volume image;    // finite samples, not all the same
  // uint16 on the image's grid: 0 = background, n = target n; above target_count, in crops,
  // other targets of which there may be a piece only.
  Volume targets;
  int64_t target_count = 0;  // 1 to kMaxTargets; each of 1..target_count occurs
  // What each target is, target 1 first: 1 to kMaxKind. Empty where that is not known.
  std::vector<uint8_t> kinds;
  std::string modality{};  // DICOM's defined term of Modality: "CT", "MR", "PT"; empty where it is not known
};

// Cases by number, always the same ones in the same order. Thread-safe.
class CaseSource {
 public:
  virtual ~CaseSource() = default;

  virtual int64_t size() const = 0;

  // The name of a case, 0 <= index < size(): no two are the same, none has control characters, and it stays
  // what it is when cases are added.
  virtual std::string id(int64_t index) const = 0;

  // OUT_OF_RANGE for an index that is none; FAILED_PRECONDITION for a case that is sound but has nothing to
  // segment (HasNoTarget); other errors name the file and what is wrong with it. One case's error says
  // nothing of the others.
  virtual absl::StatusOr<Case> Read(int64_t index) const = 0;

  // A text that is another one whenever Read may have come to give something else:
  // what a cache is checked with.
  virtual absl::StatusOr<std::string> Stamp(int64_t index) const { return id(index); }

  // The number of the case that a training takes next; size() > 0. Each is as likely, unless a source says
  // otherwise.
  virtual int64_t Draw(Random& random) const {
    return static_cast<int64_t>(random.Below(static_cast<uint64_t>(size())));
  }

 protected:
  CaseSource() = default;
  CaseSource(const CaseSource&) = default;
  CaseSource& operator=(const CaseSource&) = default;
  CaseSource(CaseSource&&) = default;
  CaseSource& operator=(CaseSource&&) = default;
};

// What Read says of a case that a caller skips with a warning, not of one that is broken.
inline bool HasNoTarget(const absl::Status& status) { return absl::IsFailedPrecondition(status); }

}  // namespace sgpsam

#endif  // SGPSAM_TOOLS_LEARN_CASES_CASE_H_
