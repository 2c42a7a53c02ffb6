#include "core/dicom/dcmtk/part10_writer.h"

#include <dcmtk/config/osconfig.h>
#include <dcmtk/dcmdata/dcdatset.h>
#include <dcmtk/dcmdata/dcfilefo.h>
#include <dcmtk/dcmdata/dcmetinf.h>
#include <dcmtk/dcmdata/dcostrmb.h>

#include "core/base/status_macros.h"
#include "core/dicom/dcmtk/dcmtk_status.h"

namespace sgpsam {

absl::StatusOr<std::string> SerialisePart10(DcmFileFormat& file) {
  constexpr E_TransferSyntax kSyntax = EXS_LittleEndianExplicit;
  constexpr E_EncodingType kLengths = EET_ExplicitLength;
  RETURN_IF_ERROR(FromDcmtk(file.validateMetaInfo(kSyntax), "writing the file meta information"));
  std::string bytes(size_t{file.getMetaInfo()->calcElementLength(kSyntax, kLengths)} +
                        size_t{file.getDataset()->calcElementLength(kSyntax, kLengths)} + 1024,
                    '\0');
  DcmOutputBufferStream stream(bytes.data(), static_cast<offile_off_t>(bytes.size()));
  file.transferInit();
  const OFCondition written = file.write(stream, kSyntax, kLengths, nullptr);
  file.transferEnd();
  RETURN_IF_ERROR(FromDcmtk(written, "serialising an object"));
  void* begin = nullptr;
  offile_off_t size = 0;
  stream.flushBuffer(begin, size);
  bytes.resize(static_cast<size_t>(size));
  return bytes;
}

}  // namespace sgpsam
