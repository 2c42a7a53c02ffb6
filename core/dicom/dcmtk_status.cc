#include "core/dicom/dcmtk_status.h"

#include <dcmtk/config/osconfig.h>
#include <dcmtk/dcmdata/dcdict.h>
#include <dcmtk/dcmjpeg/djdecode.h>
#include <dcmtk/dcmjpls/djdecode.h>
#include <dcmtk/oflog/oflog.h>

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

}  // namespace

absl::Status EnsureDcmtk() {
  static const absl::Status* const ready = new absl::Status(SetUp());
  return *ready;
}

absl::Status FromDcmtk(const OFCondition& condition, absl::string_view doing) {
  if (condition.good()) return absl::OkStatus();
  return absl::InternalError(absl::StrCat("DCMTK failed in ", doing, " (condition ", condition.module(), ":",
                                          condition.code(), ")"));
}

}  // namespace sgpsam
