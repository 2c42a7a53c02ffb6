#include "server/doors/grpc/grpc_status.h"

#include <optional>

#include "absl/strings/str_cat.h"
#include "absl/strings/string_view.h"
#include "core/base/reason.h"
#include "sgpsam/v1/error_details.pb.h"

namespace sgpsam {
namespace {

constexpr absl::string_view kEllipsis = "...";
constexpr char kErrorInfoType[] = "type.googleapis.com/google.rpc.ErrorInfo";
constexpr char kDomain[] = "sgpsam";

// Where in a header the caller mends what core refuses, and how.
struct Remedy {
  absl::string_view field, value;
};

std::optional<Remedy> RemedyFor(Reason reason) {
  switch (reason) {
    case Reason::kSeveralSeries:
    case Reason::kSeriesNotFound: return Remedy{"volume.dicom.series", ""};
    case Reason::kSegNeedsDicom:
    case Reason::kSegNotPossible: return Remedy{"output.format", "MASK_FORMAT_NIFTI"};
    case Reason::kInvalidSegSeries: return Remedy{"output.seg_series", ""};
    case Reason::kUprightNotPossible: return Remedy{"output.upright", "false"};
    default: return std::nullopt;
  }
}

bool ContinuesCharacter(char byte) { return (static_cast<unsigned char>(byte) & 0xC0) == 0x80; }

std::string Shortened(absl::string_view message, size_t most) {
  if (message.size() <= most) return std::string(message);
  size_t end = most - kEllipsis.size();
  while (end > 0 && ContinuesCharacter(message[end])) --end;
  std::string shortened(message.substr(0, end));
  shortened.append(kEllipsis.data(), kEllipsis.size());
  return shortened;
}

// What the door itself refuses has its field already.
absl::Status WithRemedy(const absl::Status& status) {
  const std::optional<Remedy> remedy = RemedyFor(ReasonOf(status));
  if (!remedy || !ReasonDetail(status, "field").empty()) return status;
  const std::string words =
      absl::StrCat(" (", remedy->field, remedy->value.empty() ? "" : ": ", remedy->value, ")");
  return WithMessage(WithDetail(status, "field", remedy->field),
                     absl::StrCat(Shortened(status.message(), kMaxStatusMessage - words.size()), words));
}

// The bytes of a google.rpc.Status; empty without a reason.
std::string Details(const absl::Status& status, const std::string& message) {
  const std::optional<ReasonInfo> reason = ReasonInfoOf(status);
  if (!reason) return {};
  v1::ErrorInfo info;
  info.set_reason(reason->name);
  info.set_domain(kDomain);
  for (const auto& [key, value] : reason->metadata) (*info.mutable_metadata())[key] = value;
  v1::RpcStatus details;
  details.set_code(status.raw_code());
  details.set_message(message);
  google::protobuf::Any& detail = *details.add_details();
  detail.set_type_url(kErrorInfoType);
  detail.set_value(info.SerializeAsString());
  return details.SerializeAsString();
}

}  // namespace

grpc::Status ToGrpcStatus(const absl::Status& status) {
  if (status.ok()) return grpc::Status::OK;
  const absl::Status worded = WithRemedy(status);
  const std::string message = Shortened(worded.message(), kMaxStatusMessage);
  return grpc::Status(static_cast<grpc::StatusCode>(worded.raw_code()), message, Details(worded, message));
}

std::string CodeName(absl::StatusCode code) { return absl::StatusCodeToString(code); }

}  // namespace sgpsam
