#include "core/dicom/pixels/jpeg2000_decoder.h"

#include <openjpeg.h>

#include <algorithm>
#include <cstring>
#include <memory>

#include "absl/status/statusor.h"
#include "absl/strings/match.h"
#include "core/base/status_macros.h"
#include "core/dicom/pixels/jpeg2000_header.h"

namespace sgpsam {
namespace {

struct FreeCodec {
  void operator()(opj_codec_t* codec) const { opj_destroy_codec(codec); }
};
struct FreeImage {
  void operator()(opj_image_t* image) const { opj_image_destroy(image); }
};
struct FreeStream {
  void operator()(opj_stream_t* stream) const { opj_stream_destroy(stream); }
};

// A read-only stream over bytes in memory.
struct Source {
  absl::string_view bytes;
  size_t at = 0;
};

OPJ_SIZE_T Read(void* buffer, OPJ_SIZE_T size, void* user) {
  auto* source = static_cast<Source*>(user);
  const size_t n = std::min<size_t>(size, source->bytes.size() - source->at);
  if (n == 0) return static_cast<OPJ_SIZE_T>(-1);  // the library's sign for the end
  std::memcpy(buffer, source->bytes.data() + source->at, n);
  source->at += n;
  return n;
}

OPJ_OFF_T Skip(OPJ_OFF_T size, void* user) {
  auto* source = static_cast<Source*>(user);
  if (size < 0) return -1;
  const size_t n = std::min<size_t>(static_cast<size_t>(size), source->bytes.size() - source->at);
  source->at += n;
  return static_cast<OPJ_OFF_T>(n);
}

OPJ_BOOL Seek(OPJ_OFF_T at, void* user) {
  auto* source = static_cast<Source*>(user);
  if (at < 0 || static_cast<uint64_t>(at) > source->bytes.size()) return OPJ_FALSE;
  source->at = static_cast<size_t>(at);
  return OPJ_TRUE;
}

struct OpenFrame {
  std::unique_ptr<Source> source;
  std::unique_ptr<opj_codec_t, FreeCodec> codec;
  std::unique_ptr<opj_stream_t, FreeStream> stream;
  std::unique_ptr<opj_image_t, FreeImage> image;
  std::unique_ptr<bool> out_of_memory;
};

// OpenJPEG has no error codes; its words are all that tell this one. Tiles that "exceed system limits" could
// not be allocated: by their sizes they have been let through.
void NoteError(const char* message, void* user) {
  const absl::string_view text(message);
  if (absl::StrContains(text, "memory") || absl::StrContains(text, "exceeds system limits")) {
    *static_cast<bool*>(user) = true;
  }
}

absl::Status WhyNot(bool out_of_memory) {
  if (out_of_memory) {
    return absl::ResourceExhaustedError(
        "memory ran out in decoding the JPEG 2000 codestream: try again later");
  }
  return absl::InvalidArgumentError("the JPEG 2000 codestream is damaged or truncated");
}

// `codestream` has been walked: what OpenJPEG allocates for its header is bounded.
absl::StatusOr<OpenFrame> Open(absl::string_view codestream) {
  OpenFrame open;
  open.codec.reset(opj_create_decompress(OPJ_CODEC_J2K));
  open.stream.reset(opj_stream_create(std::min<size_t>(codestream.size(), 1u << 20), OPJ_TRUE));
  if (open.codec == nullptr || open.stream == nullptr) return WhyNot(true);
  open.source = std::make_unique<Source>(Source{codestream});
  open.out_of_memory = std::make_unique<bool>(false);
  opj_set_error_handler(open.codec.get(), NoteError, open.out_of_memory.get());
  opj_stream_set_user_data(open.stream.get(), open.source.get(), nullptr);
  opj_stream_set_user_data_length(open.stream.get(), codestream.size());
  opj_stream_set_read_function(open.stream.get(), Read);
  opj_stream_set_skip_function(open.stream.get(), Skip);
  opj_stream_set_seek_function(open.stream.get(), Seek);
  opj_dparameters_t parameters;
  opj_set_default_decoder_parameters(&parameters);
  opj_image_t* image = nullptr;
  const bool ok = opj_setup_decoder(open.codec.get(), &parameters) == OPJ_TRUE &&
                  opj_read_header(open.stream.get(), open.codec.get(), &image) == OPJ_TRUE;
  open.image.reset(image);
  if (!ok || image == nullptr) return WhyNot(*open.out_of_memory);
  return open;
}

// Two's complement of `precision` bits, whatever its sign.
template <typename Sample>
void Narrow(const opj_image_comp_t& component, std::vector<uint8_t>& samples) {
  Sample* out = reinterpret_cast<Sample*>(samples.data());
  const uint32_t mask = (1u << component.prec) - 1;
  const size_t n = samples.size() / sizeof(Sample);
  for (size_t s = 0; s < n; ++s)
    out[s] = static_cast<Sample>(static_cast<uint32_t>(component.data[s]) & mask);
}

}  // namespace

absl::Status CheckJpeg2000(absl::string_view frame, PixelLayout& layout, PixelNotes& notes) {
  ASSIGN_OR_RETURN(const Jpeg2000Header header, ReadJpeg2000Header(frame, layout.rows, layout.columns));
  if (layout.is_signed != header.is_signed) {
    notes.push_back(
        "the JPEG 2000 codestream and PixelRepresentation (0028,0103) disagree on the values' sign: "
        "PixelRepresentation was believed");
  }
  // Raw pixel cells, of which BitsStored is the value, in a codestream that knows no sign.
  const bool cells = layout.is_signed && !header.is_signed && layout.bits_stored < header.precision;
  if (!cells) layout.bits_stored = header.precision;
  layout.high_bit = layout.bits_stored - 1;
  layout.bits_allocated = header.precision <= 8 ? 8 : 16;
  return absl::OkStatus();
}

absl::Status DecodeJpeg2000(absl::string_view frame, const PixelLayout& layout,
                            std::vector<uint8_t>& samples) {
  ASSIGN_OR_RETURN(const Jpeg2000Header header, ReadJpeg2000Header(frame, layout.rows, layout.columns));
  ASSIGN_OR_RETURN(const OpenFrame open, Open(header.codestream));
  if (opj_decode(open.codec.get(), open.stream.get(), open.image.get()) != OPJ_TRUE) {
    return WhyNot(*open.out_of_memory);
  }
  const opj_image_comp_t& component = open.image->comps[0];
  if (component.data == nullptr || component.w != static_cast<uint32_t>(layout.columns) ||
      component.h != static_cast<uint32_t>(layout.rows) ||
      component.prec != static_cast<uint32_t>(header.precision)) {
    return WhyNot(false);
  }
  samples.resize(layout.bytes());
  if (layout.bits_allocated == 8) {
    Narrow<uint8_t>(component, samples);
  } else {
    Narrow<uint16_t>(component, samples);
  }
  return absl::OkStatus();
}

}  // namespace sgpsam
