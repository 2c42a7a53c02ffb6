#include "core/dicom/jpeg2000_decoder.h"

#include <openjpeg.h>

#include <algorithm>
#include <cstring>
#include <memory>
#include <string>

#include "absl/status/statusor.h"
#include "core/base/status_macros.h"

namespace sgpsam {
namespace {

constexpr int kMaxPrecision = 16;

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
};

absl::Status Damaged() {
  return absl::InvalidArgumentError("the JPEG 2000 codestream is damaged or truncated");
}

absl::StatusOr<OpenFrame> Open(absl::string_view frame) {
  constexpr absl::string_view kJp2Signature("\0\0\0\x0CjP  ", 8);
  OpenFrame open;
  const bool boxed = frame.substr(0, kJp2Signature.size()) == kJp2Signature;
  open.codec.reset(opj_create_decompress(boxed ? OPJ_CODEC_JP2 : OPJ_CODEC_J2K));
  open.stream.reset(
      opj_stream_create(std::min<size_t>(std::max<size_t>(frame.size(), 1), 1u << 20), OPJ_TRUE));
  if (open.codec == nullptr || open.stream == nullptr)
    return absl::ResourceExhaustedError("no memory for JPEG 2000");
  open.source = std::make_unique<Source>(Source{frame});
  opj_stream_set_user_data(open.stream.get(), open.source.get(), nullptr);
  opj_stream_set_user_data_length(open.stream.get(), frame.size());
  opj_stream_set_read_function(open.stream.get(), Read);
  opj_stream_set_skip_function(open.stream.get(), Skip);
  opj_stream_set_seek_function(open.stream.get(), Seek);
  opj_dparameters_t parameters;
  opj_set_default_decoder_parameters(&parameters);
  opj_image_t* image = nullptr;
  const bool ok = opj_setup_decoder(open.codec.get(), &parameters) == OPJ_TRUE &&
                  opj_read_header(open.stream.get(), open.codec.get(), &image) == OPJ_TRUE;
  open.image.reset(image);
  if (!ok || image == nullptr) return Damaged();
  return open;
}

absl::Status CheckSize(const opj_image_t& image, const PixelLayout& layout) {
  if (image.numcomps != 1 || image.comps[0].dx != 1 || image.comps[0].dy != 1 || image.x1 < image.x0 ||
      image.y1 < image.y0 || image.x1 - image.x0 != static_cast<uint32_t>(layout.columns) ||
      image.y1 - image.y0 != static_cast<uint32_t>(layout.rows)) {
    return absl::InvalidArgumentError(
        "the JPEG 2000 image does not have the Rows and Columns of its data set");
  }
  if (image.comps[0].prec < 1 || image.comps[0].prec > kMaxPrecision) {
    return absl::InvalidArgumentError("the JPEG 2000 image has more than 16 bits a sample");
  }
  return absl::OkStatus();
}

template <typename Sample>
void Narrow(const opj_image_comp_t& component, std::vector<uint8_t>& samples) {
  Sample* out = reinterpret_cast<Sample*>(samples.data());
  const size_t n = samples.size() / sizeof(Sample);
  for (size_t s = 0; s < n; ++s) out[s] = static_cast<Sample>(component.data[s]);
}

}  // namespace

absl::Status CheckJpeg2000(absl::string_view frame, PixelLayout& layout) {
  ASSIGN_OR_RETURN(const OpenFrame open, Open(frame));
  RETURN_IF_ERROR(CheckSize(*open.image, layout));
  const opj_image_comp_t& component = open.image->comps[0];
  layout.bits_stored = static_cast<int>(component.prec);
  layout.high_bit = layout.bits_stored - 1;
  layout.bits_allocated = layout.bits_stored <= 8 ? 8 : 16;
  layout.is_signed = component.sgnd != 0;
  return absl::OkStatus();
}

absl::Status DecodeJpeg2000(absl::string_view frame, const PixelLayout& layout,
                            std::vector<uint8_t>& samples) {
  ASSIGN_OR_RETURN(const OpenFrame open, Open(frame));
  RETURN_IF_ERROR(CheckSize(*open.image, layout));
  if (opj_decode(open.codec.get(), open.stream.get(), open.image.get()) != OPJ_TRUE) return Damaged();
  const opj_image_comp_t& component = open.image->comps[0];
  if (component.data == nullptr || component.w != static_cast<uint32_t>(layout.columns) ||
      component.h != static_cast<uint32_t>(layout.rows)) {
    return Damaged();
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
