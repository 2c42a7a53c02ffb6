#include "core/dicom/dcmtk/dcmtk_status.h"

#include <dcmtk/config/osconfig.h>
#include <dcmtk/dcmdata/dcdict.h>
#include <dcmtk/dcmdata/dcerror.h>
#include <dcmtk/dcmjpeg/djdecode.h>
#include <dcmtk/dcmjpeg/djutils.h>
#include <dcmtk/dcmjpls/djdecode.h>
#include <dcmtk/oflog/appender.h>
#include <dcmtk/oflog/oflog.h>
#include <dcmtk/oflog/spi/logevent.h>

#include <utility>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"

namespace sgpsam {
namespace {

thread_local bool jpeg_damage = false;

// Listens to what libjpeg, within DCMTK, calls corrupt and decodes anyway, as grey areas: DCMTK only
// logs it. The texts go nowhere.
class JpegDamageListener : public dcmtk::log4cplus::Appender {
 public:
  ~JpegDamageListener() override { destructorImpl(); }
  void close() override { closed = true; }

 protected:
  void append(const dcmtk::log4cplus::spi::InternalLoggingEvent& event) override {
    const absl::string_view text(event.getMessage().c_str(), event.getMessage().size());
    // Of jerror.h: JWRN_JPEG_EOF, JWRN_HIT_MARKER, JWRN_HUFF_BAD_CODE, JWRN_MUST_RESYNC. Bytes too many are
    // harmless.
    for (absl::string_view damage :
         {"Premature end of JPEG file", "Corrupt JPEG data: premature end",
          "Corrupt JPEG data: bad Huffman code", "Corrupt JPEG data: found marker"}) {
      jpeg_damage = jpeg_damage || absl::StrContains(text, damage);
    }
  }
};

absl::Status SetUp() {
  OFLog::configure(OFLogger::OFF_LOG_LEVEL);
  DCM_dcmjpegLogger.setAdditivity(false);
  DCM_dcmjpegLogger.setLogLevel(OFLogger::WARN_LOG_LEVEL);
  DCM_dcmjpegLogger.addAppender(dcmtk::log4cplus::SharedAppenderPtr(new JpegDamageListener));
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

bool TakeJpegDamage() { return std::exchange(jpeg_damage, false); }

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
