#include "core/dicom/dcmtk_status.h"

#include <dcmtk/config/osconfig.h>
#include <dcmtk/dcmdata/dcdict.h>
#include <dcmtk/dcmdata/dcerror.h>
#include <dcmtk/dcmjpeg/djdecode.h>
#include <dcmtk/dcmjpls/djdecode.h>
#include <dcmtk/oflog/oflog.h>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"

namespace sgpsam {
namespace {

absl::Status SetUp() {
  OFLog::configure(OFLogger::OFF_LOG_LEVEL);
  if (!dcmDataDict.isDictionaryLoaded()) {
    return absl::FailedPreconditionError(
        "DCMTK has no data dictionary: install its dicom.dic or set DCMDICTPATH to it");
  }
  DJDecoderRegistration::registerCodecs();
  DJLSDecoderRegistration::registerCodecs();
  return absl::OkStatus();
}

// libjpeg's own words (JERR_OUT_OF_MEMORY) are all that DCMTK's JPEG conditions tell them apart by.
bool IsOutOfMemory(const OFCondition& condition) {
  return condition == EC_MemoryExhausted || absl::StartsWith(condition.text(), "Insufficient memory");
}

absl::Status OutOfMemory(absl::string_view doing) {
  return absl::ResourceExhaustedError(absl::StrCat("memory ran out in ", doing, ": try again later"));
}

}  // namespace

absl::Status EnsureDcmtk() {
  static const absl::Status* const ready = new absl::Status(SetUp());
  return *ready;
}

absl::Status FromDcmtk(const OFCondition& condition, absl::string_view doing) {
  if (condition.good()) return absl::OkStatus();
  if (IsOutOfMemory(condition)) return OutOfMemory(doing);
  return absl::InternalError(absl::StrCat("DCMTK failed in ", doing, " (condition ", condition.module(), ":",
                                          condition.code(), ")"));
}

absl::Status FromDcmtkReading(const OFCondition& condition, absl::string_view what) {
  if (condition.good()) return absl::OkStatus();
  if (IsOutOfMemory(condition)) return OutOfMemory(absl::StrCat("reading ", what));
  return absl::InvalidArgumentError(absl::StrCat(what, " is damaged or truncated"));
}

}  // namespace sgpsam
